from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shamal.providers.pytorch.train.data import load
from shamal.providers.pytorch.train.errors import TrainingInputError


def test_rows_come_oldest_first_with_statistics_of_the_known_values(
    write_training_set: Callable[..., Path], tmp_path: Path
) -> None:
    x = np.array([3.0, np.nan, 1.0])
    newest_first = np.array([3, 2, 1]).astype("datetime64[us]")
    train = {"x": x, "event_timestamp": newest_first, "code": np.array([0, 1, 2])}
    train |= {"id": np.arange(3), "label": np.array([1.0, 0.0, 1.0])}
    found = load(write_training_set(tmp_path / "set", rows=3, train=train))
    assert found.train.features[0].tolist() == [1.0, 2.0]
    assert found.columns.mean == {"x": 2.0}
    assert found.columns.std == {"x": 1.0}
    assert found.columns.numerical == ("x",)
    older, newer = found.train.split(0.4)
    assert (len(older), len(newer)) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"manifest": {"label": "lable"}}, "lacks column"),
        ({"manifest": {"categorical": {"z": 3}}}, "names no feature: z"),
        ({"manifest": {"categorical": {"code": 2}}}, "no codes of 0 to 1"),
        ({"train": {"x": np.array(["a"] * 5)}}, "x is not numeric"),
        ({"evaluation": {"label": np.full(5, np.nan)}}, "missing in 5"),
    ],
)
def test_a_broken_training_set_is_refused_by_name(
    changes: dict[str, Any], message: str, write_training_set: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(TrainingInputError, match=message):
        load(write_training_set(tmp_path / "set", rows=5, **changes))


def test_a_folder_without_a_training_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingInputError, match=r"no training_set\.json"):
        load(tmp_path)
