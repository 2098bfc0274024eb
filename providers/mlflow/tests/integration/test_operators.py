"""A model's whole way on a real MLflow server."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow.errors import DigestMismatch, GateDenied, MlflowDenied, MlflowUnavailable
from shamal.providers.mlflow.hooks.mlflow import MlflowHook
from shamal.providers.mlflow.operators.evaluate import EvaluateModelOperator
from shamal.providers.mlflow.operators.registry import (
    FetchModelOperator,
    PromoteModelOperator,
    RegisterModelOperator,
    RollbackModelOperator,
)

pytestmark = pytest.mark.integration
MODEL = "provider_mlflow_test"
GATES = {"min_roc_auc": 0.6, "min_margin_over_baseline": 0.005, "max_onnx_difference": 1e-4, "robust": True}


@pytest.fixture
def evaluate(training_set: Any, training_output: Any, tmp_path: Path) -> Callable[..., EvaluateModelOperator]:
    def make(gates: dict[str, Any] = GATES) -> EvaluateModelOperator:
        return EvaluateModelOperator(
            task_id="evaluate",
            model=MODEL,
            training_output=str(training_output()),
            training_set=str(training_set()),
            task="binary_classification",
            gates=gates,
            tags={"classification": "public"},
        )

    return make


@pytest.mark.usefixtures("airflow_connections")
def test_a_model_goes_from_training_output_to_champion_and_back(evaluate: Any, context: Any, tmp_path: Path) -> None:
    operator = evaluate()
    judged = operator.execute(context(str(tmp_path)))
    assert operator.execute(context(str(tmp_path)))["run_id"] == judged["run_id"]
    client = MlflowHook().get_conn()
    run = client.get_run(judged["run_id"])
    assert {file.path for file in client.list_artifacts(judged["run_id"])} == {
        "gates.json",
        "golden.json",
        "training.json",
        "training_set.json",
        "weights.safetensors",
    }
    assert run.data.tags["shamal.snapshot_id"] == "42"
    assert run.data.metrics["baseline_roc_auc"] < run.data.metrics["roc_auc"]
    assert len(client.get_metric_history(judged["run_id"], "loss")) == 3

    register = RegisterModelOperator(task_id="register", model=MODEL, run_id=judged["run_id"])
    registered = register.execute(context())
    assert register.execute(context()) == registered
    fetched = FetchModelOperator(task_id="fetch", model=MODEL, destination=str(tmp_path / "models")).execute({})
    assert fetched["sha256"] == registered["sha256"] == judged["onnx_sha256"]
    golden = json.loads(Path(fetched["golden"]).read_text())
    assert len(golden["inputs"]) == len(golden["scores"]) == 16

    before = PromoteModelOperator(
        task_id="x", model=MODEL, version=registered["version"], expected_version=None
    ).hook.alias_version(MODEL, "champion")
    promoted = PromoteModelOperator(
        task_id="promote", model=MODEL, version=str(registered["version"]), expected_version=str(before or "")
    ).execute(context())
    assert promoted["previous"] == before
    if before:
        back = RollbackModelOperator(task_id="rollback", model=MODEL).execute(context(str(tmp_path)))
        assert back["version"] == before

    (Path(fetched["path"]) / "model.onnx").write_bytes(b"other")
    with pytest.raises(DigestMismatch, match="do not serve it"):
        FetchModelOperator(
            task_id="fetch", model=MODEL, version=registered["version"], destination=str(tmp_path / "models")
        ).execute({})


@pytest.mark.usefixtures("airflow_connections")
def test_a_denied_model_is_logged_and_cannot_be_registered(evaluate: Any, context: Any, tmp_path: Path) -> None:
    with pytest.raises(GateDenied, match=r"min_roc_auc: 0\.\d+ \(must be at least 0\.999\)") as denied:
        evaluate({"min_roc_auc": 0.999}).execute(context(str(tmp_path)))
    run_id = str(denied.value).split()[-1]
    with pytest.raises(GateDenied, match="its gates: denied"):
        RegisterModelOperator(task_id="register", model=MODEL, run_id=run_id).execute({})


@pytest.mark.usefixtures("airflow_connections")
def test_mlflow_itself_loads_the_model_without_pickle_or_code(evaluate: Any, context: Any, tmp_path: Path) -> None:
    judged = evaluate().execute(context(str(tmp_path)))
    folder = MlflowHook().get_conn()
    model_id = folder.get_run(judged["run_id"]).data.tags["shamal.model_id"]
    assert folder.get_logged_model(model_id).status == "READY"
    assert os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
    assert os.environ["MLFLOW_ALLOW_MODEL_CODE_EXECUTION"] == "false"


def test_a_wrong_password_is_denied_without_showing_it(airflow_connections: Any, monkeypatch: Any) -> None:
    connection = json.loads(os.environ["AIRFLOW_CONN_MLFLOW_DEFAULT"]) | {"password": "canary-4711"}
    monkeypatch.setenv("AIRFLOW_CONN_MLFLOW_WRONG", json.dumps(connection))
    script = (
        "from shamal.providers.mlflow.hooks.mlflow import MlflowHook; MlflowHook('mlflow_wrong').run_tags('0' * 32)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert MlflowDenied.__name__ in found.stderr
    assert "mlflow_wrong" in found.stderr
    assert "canary-4711" not in found.stderr + found.stdout


def test_a_server_that_is_down_is_named(monkeypatch: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    connection = {"conn_type": "shamal_mlflow", "host": "http://127.0.0.1", "port": port, "login": "a", "password": "b"}
    monkeypatch.setenv("AIRFLOW_CONN_MLFLOW_DOWN", json.dumps(connection))
    with pytest.raises(MlflowUnavailable, match=rf"127\.0\.0\.1:{port} .*'mlflow_down'.*look at its log"):
        MlflowHook("mlflow_down").run_tags("0" * 32)
