import math
from typing import Any

import pytest

from shamal.providers.mlflow.errors import InvalidGates
from shamal.providers.mlflow.gates.suite import BY_INTERVAL, allowed, parse
from shamal.providers.mlflow.gates.verdicts import Measured
from shamal.providers.mlflow.metrics import METRICS

FAIRNESS = {"columns": ["sky"], "metric": "mae", "min_rows": 50, "max_gap": 1}


@pytest.mark.parametrize(
    ("task", "gates", "words"),
    [
        ("ranking", {"robust": True}, "task 'ranking' is unknown"),
        ("regression", {}, "no gates given"),
        ("regression", {"fairness": FAIRNESS}, "no gates given"),
        ("binary_classification", {"min_rocauc": 0.6}, "Did you mean 'min_roc_auc'"),
        ("regression", {"fairnes": {}}, "Did you mean 'fairness'"),
        ("regression", {"min_roc_auc": 0.6}, "unknown for regression"),
        ("regression", {"max_calibration_error": 0.6}, "unknown for regression"),
        ("binary_classification", {"max_bias": 0.6}, "unknown for binary_classification"),
        ("regression", {"max_rmse": True}, "finite number"),
        ("regression", {"max_rmse": math.nan}, "finite number"),
        ("regression", {"robust": False}, "leave the gate out"),
        ("regression", {"robust": True, "skew": {"max_psi": -1}}, "above 0"),
    ],
)
def test_gates_that_could_not_deny_are_refused(task: str, gates: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidGates, match=words):
        parse(task, gates)


def test_every_gate_by_interval_exists() -> None:
    assert set().union(*(allowed(task) for task in METRICS)) >= BY_INTERVAL


def test_every_section_becomes_gates_and_all_of_them_can_be_waived() -> None:
    names = ["max_mae", "fairness.sky", "skew"]
    waivers = [{"gate": name, "approver": "risk", "reason": "x", "expires": "2026-12-31"} for name in names]
    gates = {"max_mae": 2, "fairness": FAIRNESS, "skew": {"max_psi": 0.25}, "waivers": waivers}
    suite = parse("regression", gates, approvers=["risk"], owner="weather")
    verdicts = suite.judge({"mae": Measured(1.0), "fairness.sky": Measured(0.5, (0.1, 1.1)), "skew": Measured(0.1)})
    assert [(each.gate, each.passed) for each in verdicts] == [
        ("max_mae", True),
        ("fairness.sky", False),
        ("skew", True),
    ]
    assert [each.gate for each in suite.waivers] == names


def test_what_was_never_measured_denies() -> None:
    suite = parse("regression", {"max_mae": 2, "robust": True, "fairness": FAIRNESS, "skew": {"max_psi": 1}})
    assert not any(verdict.passed for verdict in suite.judge({}))
