from datetime import UTC, datetime, timedelta

import pyarrow as pa  # noqa: TID253 - a test
import pytest

from shamal.providers.feast.errors import InvalidTrainingSet
from shamal.providers.feast.training_set import TrainingSetSpec, check_features, with_known_codes

START = datetime(2013, 9, 1, tzinfo=UTC)
SPEC = TrainingSetSpec("a.b", ["k"], "late", {"c": 3}, START, START + timedelta(1), START + timedelta(2))


def test_the_label_may_not_be_a_feature() -> None:
    with pytest.raises(InvalidTrainingSet, match="told the answer"):
        check_features(["c", "late"], SPEC)


def test_a_missing_category_becomes_unknown() -> None:
    assert with_known_codes(pa.table({"c": [None, 2]}), {"c": 3})["c"].to_pylist() == [0, 2]


def test_a_code_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidTrainingSet, match="allowed: 0 to 2"):
        with_known_codes(pa.table({"c": [3]}), {"c": 3})
