import pytest

from include.compute import compute_profile
from include.model_spec import MODELS, load_model
from include.spec.file import SpecError


@pytest.mark.parametrize("model", sorted(path.parent.name for path in MODELS.glob("*/model.yaml")))
def test_every_model_uses_a_known_profile(model: str) -> None:
    assert set(compute_profile(load_model(model).training.compute)) == {"image", "cpu", "memory", "gpu"}


def test_an_unknown_profile_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SpecError, match=r"no compute profile 'smal'\. Did you mean small\?"):
        compute_profile("smal")
