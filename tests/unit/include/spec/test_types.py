import pytest
from pydantic import TypeAdapter, ValidationError

from include.spec.types import Name, Share, Strict


class Part(Strict):
    share: Share


@pytest.mark.parametrize("given", [{"share": 1.1}, {"share": float("nan")}, {"share": 0.5, "more": 1}, {}])
def test_what_is_not_declared_is_refused(given):
    with pytest.raises(ValidationError):
        Part.model_validate(given)


@pytest.mark.parametrize("name", ["../x", "Upper", "1st", "a" * 64, "a-b", ""])
def test_a_name_is_a_safe_path_and_identifier(name):
    with pytest.raises(ValidationError):
        TypeAdapter(Name).validate_python(name)
