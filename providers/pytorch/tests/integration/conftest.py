import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

# A namespace of their own: other tests of the stack train pods too.
NAMESPACE = "pytorch-tests"
MODEL = """
import os, signal
from pathlib import Path
from torch import nn
class Net(nn.Module):
    def __init__(self, columns):
        super().__init__()
        self.layer = nn.Linear(len(columns.features), 1)
    def forward(self, features):
        return self.layer(features).squeeze(1)
def build(columns, config):
    {body}
    return Net(columns)
"""


@pytest.fixture
def training_set(tmp_path: Path) -> Path:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = tmp_path / "set"
    folder.mkdir()
    x = np.random.default_rng(0).normal(size=200)
    table = pa.table({"event_timestamp": np.arange(200).astype("datetime64[us]"), "x": x, "y": 2 * x})
    for part in ("train", "evaluation"):
        pq.write_table(table, folder / f"{part}.parquet")
    manifest = {"features": ["x"], "categorical": {}, "label": "y", "digest": "d1"}
    (folder / "training_set.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def operator(client: Any, training_set: Path, tmp_path: Path) -> Callable[..., Any]:
    """Make training tasks; `body` runs in the pod, in the model's build function."""
    from airflow.sdk import DAG

    from shamal.providers.pytorch.operators.train import TorchTrainOperator

    def make(body: str = "", compute: dict[str, Any] | None = None, **settings: Any) -> TorchTrainOperator:
        (tmp_path / "model.py").write_text(MODEL.replace("{body}", body.replace("\n", "\n    ")))
        arguments: dict[str, Any] = {
            "namespace": NAMESPACE,
            "poll_interval": 0.5,
            "startup_check_interval_seconds": 1,
            "config": {"task": "regression", "epochs": 2},
        }
        with DAG("training", schedule=None):
            return TorchTrainOperator(
                task_id="train",
                model_file=str(tmp_path / "model.py"),
                training_set=str(training_set),
                output=str(tmp_path / "output"),
                compute={"image": "shamal/train:0.1.0", "cpu": 1, "memory": "2Gi"} | (compute or {}),
                **(arguments | settings),
            )

    return make


@pytest.fixture
def context() -> dict[str, Any]:
    """The part of a task's context that the operator reads."""
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(
        dag_id="training",
        task_id="train",
        run_id=f"manual__{uuid4()}",
        map_index=-1,
        try_number=1,
        xcom_push=lambda key, value: pushed.update({key: value}),
        start_date=None,
    )
    dag = SimpleNamespace(parent_dag=None)
    return {"ti": ti, "task_instance": ti, "dag": dag, "run_id": ti.run_id, "pushed": pushed}


@pytest.fixture
def client(airflow_connections: dict[str, Any]) -> Iterator[Any]:
    """The stack's pods API; the pods of a test are deleted after it."""
    from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook

    client = KubernetesHook(conn_id="kubernetes_default").core_v1_client
    yield client
    for pod in client.list_namespaced_pod(NAMESPACE).items:
        client.delete_namespaced_pod(pod.metadata.name, NAMESPACE, grace_period_seconds=0)


@pytest.fixture
def pods(client: Any) -> Callable[[], dict[str, str]]:
    """Return the phase of each pod that is not about to go."""

    def phases() -> dict[str, str]:
        found = client.list_namespaced_pod(NAMESPACE).items
        return {pod.metadata.name: pod.status.phase for pod in found if not pod.metadata.deletion_timestamp}

    return phases
