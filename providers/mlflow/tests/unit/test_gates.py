import math

import pytest

from shamal.providers.mlflow.errors import InvalidGates
from shamal.providers.mlflow.gates import check, judge, table


@pytest.mark.parametrize(
    ("task", "gates", "words"),
    [
        ("ranking", {"robust": True}, "task 'ranking' is unknown"),
        ("regression", {}, "no gates given"),
        ("binary_classification", {"min_rocauc": 0.6}, "Did you mean 'min_roc_auc'"),
        ("regression", {"min_roc_auc": 0.6}, "unknown for regression"),
        ("regression", {"max_rmse": True}, "finite number"),
        ("regression", {"max_rmse": math.nan}, "finite number"),
        ("regression", {"robust": False}, "leave the gate out"),
    ],
)
def test_gates_that_could_not_deny_are_refused(task: str, gates: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidGates, match=words):
        check(task, gates)


@pytest.mark.parametrize(
    ("value", "reason"),
    [(0.5, "at least 0.6"), (None, "missing"), (math.nan, "undefined"), (math.inf, "undefined")],
)
def test_low_missing_and_undefined_values_deny(value: float | None, reason: str) -> None:
    (verdict,) = judge(
        "binary_classification", {"min_roc_auc": 0.6}, {"roc_auc": value}, robustness_failure=None, stale={}
    )
    assert not verdict.passed
    assert reason in verdict.reason
    assert verdict.as_dict()["value"] in (0.5, None)


def test_a_stale_value_denies_however_good() -> None:
    (verdict,) = judge(
        "regression",
        {"max_onnx_difference": 1.0},
        {"onnx_difference": 0.0},
        robustness_failure=None,
        stale={"onnx_difference": "stale: other model"},
    )
    assert (verdict.passed, verdict.reason) == (False, "stale: other model")


def test_kept_limits_pass_and_the_table_shows_them() -> None:
    gates = {"max_rmse": 2.0, "min_r2": 0.5, "robust": True}
    measured = {"rmse": 2.0, "r2": 0.5}
    verdicts = judge("regression", gates, measured, robustness_failure=None, stale={})
    assert all(verdict.passed for verdict in verdicts)
    assert table(verdicts).splitlines()[1].split()[:4] == ["max_rmse", "2", "2", "yes"]


def test_a_fragile_model_is_denied_with_its_failure() -> None:
    (verdict,) = judge("regression", {"robust": True}, {}, robustness_failure="zeros score nan", stale={})
    assert (verdict.passed, verdict.reason) == (False, "zeros score nan")
