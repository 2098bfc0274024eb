from typing import Any

import numpy as np
import pytest

from shamal.providers.mlflow.evaluation import evaluate
from shamal.providers.mlflow.training_output import load_training_output
from shamal.providers.mlflow.training_set import load_training_set


@pytest.mark.parametrize(("task", "main"), [("binary_classification", "roc_auc"), ("regression", "r2")])
def test_a_model_that_sees_the_curve_beats_the_line(
    task: str, main: str, training_set: Any, training_output: Any
) -> None:
    found = evaluate(
        load_training_output(str(training_output(task))),
        load_training_set(str(training_set(task))),
        task,
        {"min_margin_over_baseline": 0.01, "robust": True, "max_onnx_difference": 1e-4},
    )
    assert found.passed
    assert found.metrics["margin_over_baseline"] == found.metrics[main] - found.baseline[main]
    assert f"{found.baseline[main]:.6g}" in found.report()


def test_poisoned_weights_are_denied(training_set: Any, training_output: Any) -> None:
    output = training_output(weights=np.array([[np.nan], [1], [1]], np.float32))
    found = evaluate(
        load_training_output(str(output)),
        load_training_set(str(training_set())),
        "binary_classification",
        {"min_roc_auc": 0.1, "robust": True},
    )
    assert [verdict.passed for verdict in found.verdicts] == [False, False]
