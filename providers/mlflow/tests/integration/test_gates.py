"""The gates against a champion that a real MLflow server keeps."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shamal.providers.mlflow.errors import GateDenied
from shamal.providers.mlflow.evaluation import evaluate
from shamal.providers.mlflow.gates import champion, registered, suite
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.mlflow.operators.evaluate import EvaluateModelOperator
from shamal.providers.mlflow.operators.registry import PromoteModelOperator, RegisterModelOperator

pytestmark = pytest.mark.integration
TASK = "binary_classification"
GATES = {
    "min_roc_auc": 0.6,
    "max_loss_against_champion": 0.005,
    "max_calibration_error": 0.2,
    "max_model_mb": 1,
    "fairness": {"columns": ["carrier"], "metric": "roc_auc", "min_rows": 200, "max_gap": 0.3},
    "skew": {"max_psi": 0.25},
    "robust": True,
}
GOOD, WORSE = [[2], [-1], [0.5]], [[2], [-1], [0]]


@pytest.fixture
def judged(
    airflow_connections: Any, training_set: Any, training_output: Any, context: Any, tmp_path: Path
) -> Iterator[Callable[..., dict[str, Any]]]:
    """Return a function that judges a candidate with given weights; every candidate belongs to one new model."""
    model, rows = f"gates_{uuid.uuid4().hex[:12]}", training_set()

    def judge(weights: Any) -> dict[str, Any]:
        output = training_output(weights=np.array(weights, np.float32))
        operator = EvaluateModelOperator(
            task_id="evaluate",
            model=model,
            training_output=str(output.rename(tmp_path / uuid.uuid4().hex)),
            training_set=str(rows),
            task=TASK,
            gates=GATES,
        )
        return operator.execute(context(uuid.uuid4().hex)) | {"model": model}

    yield judge
    client = MlflowRegistryHook().get_conn()
    if client.search_registered_models(filter_string=f"name='{model}'"):
        client.delete_registered_model(model)


def test_a_worse_candidate_is_denied_by_the_champion_that_the_registry_names(
    judged: Callable[..., dict[str, Any]], context: Any, tmp_path: Path
) -> None:
    first = judged(GOOD)
    assert {each["gate"]: each["reason"] for each in first["verdicts"]}[
        "max_loss_against_champion"
    ] == "no champion yet"
    model = first["model"]
    register = RegisterModelOperator(task_id="register", model=model, run_id=first["run_id"])
    version = register.execute(context())["version"]
    PromoteModelOperator(task_id="promote", model=model, version=version, expected_version=None).execute(context())

    with pytest.raises(GateDenied, match=r"max_loss_against_champion: 0\.\d+ \(the upper end") as denied:
        judged(WORSE)
    hook = MlflowRegistryHook()
    stored = hook.read_json(str(denied.value).split()[-1], "gates.json")
    assert stored["champion"] == {"version": version, "incomparable": None}
    (verdict,) = [each for each in stored["verdicts"] if not each["passed"]]
    low, high = verdict["interval"]
    assert 0.005 < low < verdict["value"] < high
    assert stored["metrics"]["champion"]["roc_auc"] > stored["metrics"]["model"]["roc_auc"]
    json.dumps(stored, allow_nan=False)

    for folder in ("candidate", "champion"):
        (tmp_path / folder).mkdir()
    output, training_set = registered.fetch(hook, model, str(tmp_path / "candidate"), version=None)
    serving = champion.fetch(hook, model, str(tmp_path / "champion"))
    again = evaluate(output, training_set, suite.parse(TASK, GATES), champion=serving)
    assert again.passed
    assert again.measured["loss_against_champion"].value == 0
