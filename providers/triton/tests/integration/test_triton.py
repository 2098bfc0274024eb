"""Deploy, route, failed deploy, roll back on a real Triton, with requests all the time."""

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shamal.providers.triton import deployment, traffic
from shamal.providers.triton.errors import ModelLoadFailed, TritonUnavailable
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.operators.deploy import DeployModelOperator
from shamal.providers.triton.operators.route import RollbackDeploymentOperator, RouteTrafficOperator
from shamal.providers.triton.testing import FakeTriton

pytestmark = pytest.mark.integration


@pytest.fixture(params=["real", "fake"])
def either(request, tmp_path):
    return FakeTriton(tmp_path) if request.param == "fake" else request.getfixturevalue("hook")


@pytest.fixture
def any_model(either, request):
    return "churn" if isinstance(either, FakeTriton) else request.getfixturevalue("model")


def test_fake_and_real_server_keep_the_same_contract(either, any_model, make_version):
    triton, name = either, any_model
    assert triton.server_live()
    for version in (1, 2):
        files = make_version(version)
        deployed = deployment.deploy(
            triton, name, version, path=Path(files["path"]), sha256=files["sha256"], golden=Path(files["golden"])
        )
        assert deployed["backend"] in ("python", "onnxruntime")
        assert deployed["golden_max_diff"] <= 1e-4
        traffic.route(triton, name, version)
    answer = triton.infer(name, np.zeros((2, 4)), entity_id=["a", "b"], event_timestamp=[1, 2])
    assert answer["score"].tolist() == [0.5, 0.5]
    assert answer["model_version"].tolist() == [2, 2]
    assert len(set(answer["prediction_id"])) == 2
    broken = make_version(3, broken=True)
    with pytest.raises(ModelLoadFailed, match=f"{name}__v3"):
        deployment.deploy(
            triton, name, 3, path=Path(broken["path"]), sha256=broken["sha256"], golden=Path(broken["golden"])
        )
    assert triton.repository.versions(name) == [1, 2]
    rolled_back = {"model": name, "champion": 1, "previous": None, "rolled_back": 2}
    assert [traffic.rollback(triton, name) for _ in range(2)] == [rolled_back] * 2
    assert triton.infer(name, np.zeros((1, 4)))["model_version"].tolist() == [1]


def test_no_request_is_lost_through_deploy_route_failed_deploy_and_rollback(hook, model, make_version):
    def operate(operator, **arguments):
        return operator(task_id="t", model=model, **arguments).execute({})

    operate(DeployModelOperator, version=1, **make_version(1))
    operate(RouteTrafficOperator, version=1)
    answered: dict[str, int] = {}
    errors: list[Exception] = []
    sent = [0]
    stop = threading.Event()

    def ask() -> None:
        client = TritonHook()
        while not stop.wait(0.02):
            sent[0] += 1
            try:
                answer = client.infer(model, np.zeros((1, 4)), entity_id=["e"], event_timestamp=[1], protocol="grpc")
                answered[answer["prediction_id"][0].decode()] = int(answer["model_version"][0])
            except Exception as error:  # noqa: BLE001 - the test counts every kind
                errors.append(error)

    load = threading.Thread(target=ask)
    load.start()
    try:
        operate(DeployModelOperator, version=2, **make_version(2))
        for share in (0.1, 0.5):
            before = hook.repository.route(model)
            split = replace(before, weights={1: 1 - share, 2: share}, expires=time.time() + 20)
            hook.repository.write_route(model, before, split, hook.prediction_log, hook.prediction_log_seconds)
            time.sleep(0.5)
        assert operate(RouteTrafficOperator, version=2) == {"model": model, "champion": 2, "previous": 1}
        with pytest.raises(ModelLoadFailed):
            operate(DeployModelOperator, version=3, **make_version(3, broken=True))
        time.sleep(0.5)
        assert operate(RollbackDeploymentOperator)["champion"] == 1
        time.sleep(0.5)
    finally:
        stop.set()
        load.join()
    assert errors == []
    assert len(answered) == sent[0]
    assert set(answered.values()) == {1, 2}
    assert logged_versions(hook, model, len(answered)) == answered


def logged_versions(hook, model, expected):
    """Return version by prediction id of the closed segments, waiting for the last one; ids must be unique."""
    deadline = time.monotonic() + 10
    while True:
        segments = (hook.prediction_log / model).glob("*.jsonl")
        rows = [json.loads(line) for segment in segments for line in segment.read_text().splitlines()]
        if len(rows) >= expected or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert len({row["prediction_id"] for row in rows}) == len(rows)
    return {row["prediction_id"]: row["version"] for row in rows}


def test_a_candidate_gets_its_share_only_while_the_share_is_fresh(hook, model, make_version):
    for version in (1, 2):
        DeployModelOperator(task_id="d", model=model, version=version, **make_version(version)).execute({})
    RouteTrafficOperator(task_id="r", model=model, version=1).execute({})
    path = hook.repository.root / model / "router.json"

    def versions_with(expires, text=None):
        share = {"champion": 1, "previous": None, "weights": {"1": 0.5, "2": 0.5}, "expires": expires}
        beside = path.with_name("new.json")
        beside.write_text(json.dumps(share) if text is None else text)
        beside.replace(path)
        time.sleep(0.6)
        return {hook.infer(model, np.zeros((1, 4)))["model_version"][0] for _ in range(40)}

    assert versions_with(time.time() + 20) == {1, 2}
    assert versions_with(None, text="{") == {1, 2}, "a bad file changes nothing"
    assert versions_with(time.time() + 3600) == {1}, "an expiry too far ahead is void"
    assert versions_with(time.time() - 1) == {1}


def test_a_request_of_the_wrong_width_is_refused_with_the_right_one(hook, model, make_version):
    DeployModelOperator(task_id="d", model=model, version=1, **make_version(1)).execute({})
    RouteTrafficOperator(task_id="r", model=model, version=1).execute({})
    with pytest.raises(Exception, match=r"features has 5 columns; .* takes 4"):
        hook.infer(model, np.zeros((1, 5)))


def test_a_server_that_is_away_is_named(monkeypatch):
    away = {
        "conn_type": "shamal_triton",
        "host": "127.0.0.1",
        "port": 1,
        "extra": {"grpc_port": 1, "log": "/logs/triton"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_TRITON_AWAY", json.dumps(away))
    hook = TritonHook("triton_away")
    assert not hook.server_live()
    for protocol in ("rest", "grpc"):
        with pytest.raises(TritonUnavailable, match=r"triton_away, 127\.0\.0\.1:1.*look at /logs/triton"):
            hook.infer("churn", np.zeros((1, 1)), protocol=protocol)
