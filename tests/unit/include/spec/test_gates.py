from typing import Any

import pytest
from pydantic import ValidationError

from include.spec.gates import Gates
from shamal.providers.mlflow.gates.suite import SECTIONS, allowed
from shamal.providers.mlflow.metrics import METRICS

WAIVER = {"gate": "max_log_loss", "approver": "approver", "reason": "A storm.", "expires": "2026-12-31"}
FAIRNESS = {"columns": ["carrier"], "metric": "roc_auc", "min_rows": 200, "max_gap": 0.1}
GOOD: dict[str, Any] = {"min_roc_auc": 0.6, "max_log_loss": 0.6, "robust": True, "fairness": FAIRNESS}


def check(gates: dict[str, Any], task: str = "binary_classification") -> None:
    Gates.model_validate(gates).check(task, ["distance", "carrier"], ["approver", "operations"], "operations")


def test_the_spec_has_exactly_the_gates_that_the_provider_measures() -> None:
    measured = set().union(*(allowed(task) for task in METRICS)) | set(SECTIONS)
    assert set(Gates.model_fields) == measured


def test_only_what_is_set_reaches_the_operator_as_plain_json() -> None:
    gates = Gates.model_validate(GOOD | {"skew": {"max_psi": 0.2, "exempt": ["distance"]}, "waivers": [WAIVER]})
    assert gates.definition() == GOOD | {"skew": {"max_psi": 0.2, "exempt": ["distance"]}, "waivers": [WAIVER]}
    check(gates.definition())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"min_rocauc": 0.6}, "min_rocauc"),
        ({"max_latency_p99_ms": 0}, "max_latency_p99_ms"),
        ({"max_log_loss": float("nan")}, "max_log_loss"),
        ({"min_roc_auc": None}, "min_roc_auc"),
        ({"robust": False}, "robust"),
        ({"fairness": FAIRNESS | {"max_gp": 1}}, "max_gp"),
        ({"waivers": [WAIVER | {"expires": "soon"}]}, "expires"),
        ({"waivers": [WAIVER | {"reason": " "}]}, "reason"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Gates.model_validate(GOOD | change)


def test_without_a_gate_nothing_could_deny() -> None:
    with pytest.raises(ValidationError, match="nothing could deny"):
        Gates.model_validate({"fairness": FAIRNESS})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"min_r2": 0.5}, "'min_r2' is unknown for binary_classification"),
        ({"fairness": FAIRNESS | {"metric": "mae"}}, "'mae' is unknown for binary_classification"),
        ({"fairness": FAIRNESS | {"columns": ["age"]}}, "age: no such feature; allowed: distance, carrier"),
        ({"skew": {"max_psi": 0.2, "exempt": ["temp"]}}, "temp: no such feature"),
        ({"waivers": [WAIVER | {"approver": "engineer"}]}, "'engineer' may not waive; allowed: approver"),
        ({"waivers": [WAIVER | {"approver": "operations"}]}, "'operations' may not waive"),
        ({"waivers": [WAIVER | {"gate": "robust"}]}, "cannot be waived"),
        ({"waivers": [WAIVER | {"gate": "max_brier"}]}, "no such gate"),
    ],
)
def test_gates_that_do_not_fit_the_model_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check(GOOD | change)
