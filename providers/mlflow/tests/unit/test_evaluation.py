import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shamal.providers.mlflow.evaluation import Evaluation, evaluate
from shamal.providers.mlflow.gates import suite
from shamal.providers.mlflow.gates.champion import Champion
from shamal.providers.mlflow.training_output import load_training_output
from shamal.providers.mlflow.training_set import load_training_set

EVERYTHING = {
    "min_margin_over_baseline": 0.01,
    "max_loss_against_champion": 0.01,
    "max_latency_p99_ms": 100,
    "max_onnx_difference": 1e-4,
    "max_model_mb": 0.1,
    "skew": {"max_psi": 0.25},
    "robust": True,
}
OF_TASK = {
    "binary_classification": {"max_calibration_error": 0.1},
    "regression": {"max_bias": 0.2},
}


def fairness(metric: str, max_gap: float) -> dict[str, Any]:
    return {"columns": ["carrier"], "metric": metric, "min_rows": 200, "max_gap": max_gap}


def judged(output: Path, training_set: Path, task: str, gates: dict[str, Any], **others: Any) -> Evaluation:
    found = suite.parse(task, gates, approvers=["risk"], owner="operations")
    return evaluate(load_training_output(str(output)), load_training_set(str(training_set)), found, **others)


@pytest.mark.parametrize(
    ("task", "main", "slices"),
    [("binary_classification", "roc_auc", ("roc_auc", 0.2)), ("regression", "r2", ("mae", 0.5))],
)
def test_a_model_that_sees_the_curve_passes_every_gate(
    task: str, main: str, slices: tuple[str, float], training_set: Any, training_output: Any
) -> None:
    gates = EVERYTHING | OF_TASK[task] | {"fairness": fairness(*slices)}
    found = judged(training_output(task), training_set(task), task, gates)
    assert found.passed, found.report()
    margin = found.measured["margin_over_baseline"].value
    assert margin == found.metrics["model"][main] - found.metrics["baseline"][main]
    assert f"{found.metrics['baseline'][main]:.6g}" in found.report()
    assert found.all_metrics[f"baseline_{main}"] == found.metrics["baseline"][main]


def test_the_document_is_plain_json_with_the_figures_behind_every_verdict(
    training_set: Any, training_output: Any
) -> None:
    task = "binary_classification"
    found = judged(training_output(), training_set(), task, EVERYTHING | {"fairness": fairness("roc_auc", 0.2)})
    document = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert {each["gate"] for each in document["verdicts"]} == set(EVERYTHING) | {"fairness.carrier"}
    assert set(document["verdicts"][0]) == {
        *("gate", "value", "limit", "passed", "reason", "interval", "waived_by", "waived_until"),
    }
    assert (document["passed"], document["task"], document["champion"]) == (True, task, None)
    assert document["rows"] == {"train": 2000, "evaluation": 2000}
    assert sum(each["rows"] for each in document["slices"]["carrier"]) == 2000
    assert sum(each["rows"] for each in document["calibration"]) == 2000
    assert [each["column"] for each in document["columns"]] == ["distance", "wind", "carrier"]
    low, high = document["intervals"]["roc_auc"]
    assert low < document["metrics"]["model"]["roc_auc"] < high


def test_the_same_files_give_the_same_verdicts(training_set: Any, training_output: Any) -> None:
    output, rows = training_output(), training_set()
    gates = {"min_roc_auc": 0.6, "max_calibration_error": 0.2, "fairness": fairness("roc_auc", 0.2)}
    first, second = (judged(output, rows, "binary_classification", gates) for _ in range(2))
    assert first.verdicts == second.verdicts


def test_poisoned_weights_are_denied_and_the_document_stays_json(training_set: Any, training_output: Any) -> None:
    output = training_output(weights=np.array([[np.nan], [1], [1]], np.float32))
    gates = {
        "min_roc_auc": 0.1,
        "max_calibration_error": 1,
        "min_margin_over_baseline": -1,
        "fairness": fairness("roc_auc", 1),
        "robust": True,
    }
    found = judged(output, training_set(), "binary_classification", gates)
    assert [verdict.passed for verdict in found.verdicts] == [False] * 5
    json.dumps(found.as_dict(), allow_nan=False)


@pytest.fixture
def champion(training_output: Any, tmp_path: Path) -> Any:
    def make(features: list[str], weights: list[list[float]]) -> Champion:
        folder = training_output(weights=np.array(weights, np.float32), width=len(features))
        (folder / "golden.json").write_text(json.dumps({"features": features}))
        return Champion(3, folder.rename(tmp_path / "champion"))

    return make


@pytest.mark.parametrize(("weights", "passed"), [([[2], [-1], [0.5]], True), ([[2], [-1], [0]], False)])
def test_a_candidate_has_to_match_the_champion_on_the_same_rows(
    champion: Any, training_set: Any, training_output: Any, weights: list[list[float]], passed: bool
) -> None:
    serving = champion(["distance", "wind", "carrier"], [[2], [-1], [0.5]])
    output = training_output(weights=np.array(weights, np.float32))
    gates = {"max_loss_against_champion": 0.005}
    found = judged(output, training_set(), "binary_classification", gates, champion=serving)
    (verdict,) = found.verdicts
    assert verdict.passed is passed
    assert verdict.interval is not None
    assert (verdict.value == 0) is passed
    assert found.details["champion"] == {"version": 3, "incomparable": None}
    assert "champion_roc_auc" in found.all_metrics


def test_a_champion_of_fewer_features_is_scored_on_its_own(
    champion: Any, training_set: Any, training_output: Any
) -> None:
    serving = champion(["distance", "wind"], [[2], [-1]])
    gates = {"max_loss_against_champion": 0}
    found = judged(training_output(), training_set(), "binary_classification", gates, champion=serving)
    assert found.passed
    assert found.metrics["champion"]["roc_auc"] < found.metrics["model"]["roc_auc"]


def test_a_champion_that_needs_a_lost_column_denies_until_somebody_waives_it(
    champion: Any, training_set: Any, training_output: Any
) -> None:
    serving = champion(["distance", "wind", "rain"], [[2], [-1], [0.5]])
    output, rows, gates = training_output(), training_set(), {"max_loss_against_champion": 0.01}
    (verdict,) = judged(output, rows, "binary_classification", gates, champion=serving).verdicts
    assert not verdict.passed
    assert "champion 3 cannot be scored on these rows" in verdict.reason
    assert "rain" in verdict.reason
    day = (date.today() + timedelta(days=2)).isoformat()
    waiver = {"gate": "max_loss_against_champion", "approver": "risk", "reason": "Rain is gone.", "expires": day}
    (verdict,) = judged(output, rows, "binary_classification", gates | {"waivers": [waiver]}, champion=serving).verdicts
    assert (verdict.passed, verdict.waived_by) == (True, "risk")
