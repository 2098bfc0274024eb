"""Reports made by Evidently itself."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shamal.providers.evidently.operators.drift import DriftReportOperator

pytestmark = pytest.mark.integration
PERSON = 784199912345671.0  # shaped like a national identity number


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def execute(reference: str, current: str, **kwargs: Any) -> dict[str, Any]:
        return DriftReportOperator(
            task_id="report",
            model="flight_delays",
            night="2013-09-30",
            reference=reference,
            current=current,
            numerical=["distance", "wind"],
            categorical=["carrier"],
            label="late",
            score="score",
            task="binary_classification",
            output=str(tmp_path / "reports"),
            **kwargs,
        ).execute({})

    return execute


def test_equal_worlds_are_ok_and_a_moved_one_drifts(run: Any, window: Any) -> None:
    reference = window("reference", rows=5000)
    same = run(reference, window("same", rows=500, seed=2))
    assert (same["verdict"], same["drifted"], same["share"]) == ("ok", [], 0.0)
    assert same["metrics"]["current"]["roc_auc"] > 0.6
    moved = run(reference, window("moved", seed=3, shift=1.0))
    assert moved["verdict"] == "drift"
    assert moved["drifted"] == ["distance", "wind", "carrier", "score"]
    json.dumps(moved)


def test_a_second_run_of_the_night_replaces_the_report(run: Any, window: Any, tmp_path: Path) -> None:
    reference = window("reference")
    run(reference, window("same", seed=2))
    found = run(reference, window("moved", seed=3, shift=1.0))
    reports = tmp_path / "reports"
    assert len([path for path in reports.iterdir() if not path.name.startswith(".")]) == 1
    assert len(list(reports.iterdir())) == 2  # the night and the folder that it links to
    assert json.loads((reports / "2013-09-30" / "verdict.json").read_text())["verdict"] == found["verdict"]


def test_a_worse_model_drifts_though_its_inputs_do_not(run: Any, window: Any) -> None:
    labels = np.random.default_rng(9).integers(0, 2, 2000).astype(float)
    found = run(window("reference"), window("current", seed=2, late=labels))
    assert found["verdict"] == "drift"
    assert found["drifted"] == []
    assert "roc_auc fell" in found["reasons"][0]


@pytest.mark.parametrize(
    ("replaced", "verdict", "drifted"),
    [
        ({"wind": np.full(2000, np.nan)}, "ok", ["wind"]),
        ({"wind": np.full(2000, 3.0)}, "ok", ["wind"]),
        ({"carrier": np.full(2000, 99)}, "ok", ["carrier"]),
        ({"late": np.full(2000, np.nan)}, "ok", []),
        ({"wind": np.full(2000, np.nan), "distance": np.ones(2000), "carrier": np.ones(2000)}, "insufficient_data", []),
    ],
    ids=["all null", "constant", "new category", "late labels", "stuck feed"],
)
def test_odd_windows_get_a_verdict(run: Any, window: Any, replaced: Any, verdict: str, drifted: list[str]) -> None:
    found = run(window("reference"), window("current", seed=2, **replaced))
    assert (found["verdict"], found["drifted"]) == (verdict, drifted)


def test_no_value_of_a_single_row_is_in_a_report_and_it_needs_no_network(run: Any, window: Any) -> None:
    path = window("reference")
    wind = np.random.default_rng(4).normal(0, 3, 2000)
    wind[0] = PERSON
    carrier = np.random.default_rng(4).integers(1, 6, 2000).astype(float)
    carrier[1] = PERSON
    found = run(path, window("current", seed=2, wind=wind, carrier=carrier))
    for report in (found["report_html"], found["report_json"]):
        text = Path(report).read_text()
        assert "7841999" not in text
        assert f"{wind[5]:.10g}" not in text  # neither is an ordinary row
    page = Path(found["report_html"]).read_text()
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page)
    assert "url(http" not in page
    assert "7.841" not in json.loads(Path(found["report_json"]).read_text()).__repr__()
