"""A server with one version of flight_delays and no champion."""

from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow.operators.evaluate import EvaluateModelOperator
from shamal.providers.mlflow.operators.registry import RegisterModelOperator
from shamal.providers.mlflow.testing import FakeMlflow


@pytest.fixture
def server(training_set: Any, training_output: Any, context: Any, tmp_path: Path) -> FakeMlflow:
    fake = FakeMlflow(tmp_path / "server")
    judge = EvaluateModelOperator(
        task_id="evaluate",
        model="flight_delays",
        training_output=str(training_output()),
        training_set=str(training_set()),
        task="binary_classification",
        gates={"min_roc_auc": 0.6},
    )
    judge.hook = fake
    register = RegisterModelOperator(task_id="r", model="flight_delays", run_id=judge.execute(context())["run_id"])
    register.hook = fake
    register.execute(context())
    return fake
