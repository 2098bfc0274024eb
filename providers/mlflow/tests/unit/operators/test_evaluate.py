from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow.errors import GateDenied, InvalidGates, InvalidName
from shamal.providers.mlflow.operators.evaluate import EvaluateModelOperator
from shamal.providers.mlflow.testing import FakeMlflow


@pytest.fixture
def make(training_set: Any, training_output: Any, tmp_path: Path) -> Callable[..., EvaluateModelOperator]:
    def build(**changed: Any) -> EvaluateModelOperator:
        settings: dict[str, Any] = {
            "model": "flight_delays",
            "training_output": str(training_output()),
            "training_set": str(training_set()),
            "task": "binary_classification",
            "gates": {"min_roc_auc": 0.6},
            "tags": {"classification": "public"},
        }
        operator = EvaluateModelOperator(task_id="evaluate", **(settings | changed))
        operator.hook = FakeMlflow(tmp_path / "server")
        return operator

    return build


def test_a_good_model_gets_one_run_however_often_the_task_runs(make: Any, context: Any) -> None:
    operator = make()
    first, second = operator.execute(context()), operator.execute(context())
    assert first["run_id"] == second["run_id"]
    assert first["passed"]
    (run,) = operator.hook.client.runs.values()
    assert run.data.tags["shamal.gates"] == "passed"
    assert run.data.tags["classification"] == "public"
    assert run.data.tags["airflow.task_id"] == "evaluate"
    assert run.info.status == "FINISHED"
    assert operator.execute(context("manual__2"))["run_id"] != first["run_id"]


def test_a_bad_model_is_logged_and_then_denied(make: Any, context: Any) -> None:
    operator = make(gates={"min_roc_auc": 0.99, "min_accuracy": 0.5})
    with pytest.raises(GateDenied, match=r"min_roc_auc: 0\.\d+ \(must be at least 0\.99\)") as denied:
        operator.execute(context())
    assert "min_accuracy" not in str(denied.value)
    (run,) = operator.hook.client.runs.values()
    assert run.data.tags["shamal.gates"] == "denied"


def test_bad_input_reaches_no_server(make: Any, context: Any) -> None:
    operator = make(gates={"min_rocauc": 0.6})
    with pytest.raises(InvalidGates, match="Did you mean"):
        operator.execute(context())
    operator.gates, operator.model = {"min_roc_auc": 0.6}, "../x"
    with pytest.raises(InvalidName):
        operator.execute(context())
    assert not operator.hook.client.runs
