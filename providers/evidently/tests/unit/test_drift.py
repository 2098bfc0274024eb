from typing import Any

import numpy as np

from shamal.providers.evidently.drift import compare
from shamal.providers.evidently.settings import Columns, Thresholds
from shamal.providers.evidently.windows import read_window


def test_columns_without_values_are_judged_by_what_is_missing(window: Any) -> None:
    columns = Columns(("wind",), (), "late", "score")
    gone = np.full(2000, np.nan)
    now = read_window(window("now", wind=gone, score=gone), columns)
    before = read_window(window("before"), columns)
    found, snapshot = compare(now, before, columns, Thresholds())
    assert snapshot is None
    assert [(each.column, each.distance, each.missing_change, each.drifted) for each in found] == [
        ("wind", None, 1.0, True),
        ("score", None, 1.0, True),
    ]
