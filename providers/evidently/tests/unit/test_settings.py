import pytest

from shamal.providers.evidently.errors import InvalidColumns, InvalidThresholds
from shamal.providers.evidently.settings import Columns, thresholds


def test_what_is_not_given_has_a_default() -> None:
    assert thresholds({"min_rows": 100}).drifted_share == 0.5


@pytest.mark.parametrize("value", [0, -1, True, "0.5", float("inf")])
def test_a_threshold_is_a_number_above_zero(value: object) -> None:
    with pytest.raises(InvalidThresholds, match="score"):
        thresholds({"score": value})


def test_a_model_without_features_is_refused() -> None:
    with pytest.raises(InvalidColumns, match="features"):
        Columns((), (), "late", "score")
