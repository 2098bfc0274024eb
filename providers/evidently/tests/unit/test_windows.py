# ruff: noqa: TID253 - tests use what the tasks use
from typing import Any

import numpy as np
import pandas as pd

from shamal.providers.evidently.settings import Columns
from shamal.providers.evidently.windows import MAX_ROWS, blur, read_window

COLUMNS = Columns(("distance", "wind"), ("carrier",), "late", "score")


def test_a_large_window_gives_the_same_bounded_sample_each_time(window: Any) -> None:
    path = window("large", rows=MAX_ROWS + 5000)
    first, second = read_window(path, COLUMNS), read_window(path, COLUMNS)
    assert first.total == MAX_ROWS + 5000
    assert len(first.frame) == MAX_ROWS
    pd.testing.assert_frame_equal(first.frame, second.frame)


def test_infinite_values_count_as_missing(window: Any) -> None:
    frame = read_window(window("odd", wind=np.full(2000, np.inf)), COLUMNS).frame
    assert frame["wind"].isna().all()


def test_a_category_of_few_rows_is_merged() -> None:
    current = pd.Series([1.0] * 99 + [784199912345671.0, np.nan])
    now, _ = blur(current, pd.Series([1.0] * 100), categorical=True)
    assert set(now.dropna()) == {"1", "other"}
    assert now.isna().sum() == 1


def test_extreme_numbers_are_drawn_in() -> None:
    values = pd.Series(np.arange(1000.0))
    now, _ = blur(pd.concat([values, pd.Series([784199912345671.0])]), values, categorical=False)
    assert now.max() < 1000
