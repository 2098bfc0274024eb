import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shamal.providers.evidently.errors import (
    DriftReportError,
    InvalidColumns,
    InvalidNight,
    InvalidThresholds,
    InvalidWindow,
)
from shamal.providers.evidently.operators.drift import DriftReportOperator


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def execute(reference: str, current: str, **kwargs: Any) -> dict[str, Any]:
        settings = {
            "model": "flight_delays",
            "night": "2013-09-30",
            "numerical": ["distance", "wind"],
            "categorical": ["carrier"],
            "label": "late",
            "score": "score",
            "task": "binary_classification",
            "output": str(tmp_path / "reports"),
        }
        operator = DriftReportOperator(task_id="report", reference=reference, current=current, **(settings | kwargs))
        return operator.execute({})

    return execute


def test_bad_input_is_refused_before_anything_is_written(run: Any, window: Any, tmp_path: Path) -> None:
    good = window("good")
    cases: list[tuple[type[DriftReportError], str, dict[str, Any]]] = [
        (InvalidNight, "date such as", {"night": "../2013"}),
        (InvalidNight, "does not match", {"model": "../x"}),
        (InvalidThresholds, "Did you mean 'drifted_share'", {"thresholds": {"drift_share": 0.5}}),
        (InvalidThresholds, "above 0", {"thresholds": {"min_rows": float("nan")}}),
        (InvalidThresholds, "task", {"task": "ranking"}),
        (InvalidColumns, "lacks the columns .'altitude'", {"numerical": ["altitude"]}),
        (InvalidColumns, "twice", {"numerical": ["wind", "carrier"]}),
    ]
    for error, words, settings in cases:
        with pytest.raises(error, match=words):
            run(good, good, **settings)
    with pytest.raises(InvalidWindow, match="cannot be read"):
        run(good, str(tmp_path / "nowhere.parquet"))
    with pytest.raises(InvalidColumns, match="give numbers"):
        run(good, window("text", carrier=np.array(["AA"] * 2000)))
    assert not (tmp_path / "reports").exists()


def test_too_few_rows_write_a_report_that_says_insufficient_data(run: Any, window: Any) -> None:
    found = run(window("reference"), window("current", rows=3))
    assert found["verdict"] == "insufficient_data"
    assert found["share"] is None
    assert "3 rows, 500 are needed" in Path(found["report_html"]).read_text()
    assert json.loads(Path(found["report_json"]).read_text())["verdict"] == "insufficient_data"
