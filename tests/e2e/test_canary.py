"""A canary in real Airflow: in worker and triggerer, seen in the task's log, ended by a person."""

import hashlib
import json
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from local.airflow_api import AirflowApi
from shamal.providers.triton import deployment
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.router.route import Route
from tests.support import finished, task, until

pytestmark = pytest.mark.e2e

DAG = "canary_check"


def write_model(folder: Path) -> dict[str, Any]:
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["features"], ["score"], axes=[1], keepdims=0)],
        "mean",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", 3])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    (folder / "golden.json").write_text(json.dumps({"inputs": [[1.0, 2.0, 3.0]], "scores": [2.0]}))
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    return {"path": folder, "sha256": digest, "golden": folder / "golden.json"}


@pytest.fixture
def model(airflow_connections, tmp_path):
    """A model whose version 1 answers real requests, with version 2 loaded beside it."""
    hook, name, stop = TritonHook(), f"e2e_{uuid.uuid4().hex[:8]}", threading.Event()
    files = write_model(tmp_path)
    for version in (1, 2):
        deployment.deploy(hook, name, version, **files)
    hook.repository.write_route(name, None, Route(1, None, {1: 1.0}), hook.prediction_log, hook.prediction_log_seconds)
    hook.load(name)

    def ask() -> None:
        client = TritonHook()
        while not stop.wait(0.01):
            client.infer(name, np.ones((1, 3)), protocol="grpc")

    asking = threading.Thread(target=ask)
    asking.start()
    yield name
    stop.set()
    asking.join()
    hook.unload(name)
    for version in (1, 2):
        hook.unload(f"{name}__v{version}")
        hook.repository.remove_version(name, version)
    (hook.repository.root / name / "router.json").unlink()
    hook.repository.approve()


def test_a_canary_waits_in_the_triggerer_and_its_log_tells_each_step(engineer: AirflowApi, model: str) -> None:
    run = engineer.trigger(DAG, {"model": model, "version": 2})
    until("deferred", lambda: task(engineer, DAG, run, "canary")["state"] == "deferred", 60)
    assert finished(engineer, DAG, run, 120) == "success"
    result = engineer.xcom(DAG, run, "canary")
    assert result["decision"] == "promote"
    assert [step["share"] for step in result["steps"]] == [0.0, 0.2, 0.5]
    lines = [str(line.get("event")) for line in engineer.log(DAG, run, "canary", 1)]
    for step in ("the shadow step", "the step of 20%", "the step of 50%"):
        assert f"{model} v2 passed {step}" in lines
    assert any("| errors 0.0000 of" in line for line in lines)


def test_a_person_who_fails_the_task_gives_the_champion_all_the_traffic(engineer: AirflowApi, model: str) -> None:
    run = engineer.trigger(DAG, {"model": model, "version": 2})
    repository = TritonHook().repository
    until("a share", lambda: 2 in repository.route(model).weights, 90)
    path = f"/dags/{DAG}/dagRuns/{run}/taskInstances/canary"
    engineer.call("PATCH", path, json={"new_state": "failed"})
    start = time.monotonic()
    until("no share", lambda: 2 not in repository.route(model).weights, 30)
    assert time.monotonic() - start < 30
    assert not (repository.root / model / "canary.json").exists()
    assert finished(engineer, DAG, run, 60) == "failed"
