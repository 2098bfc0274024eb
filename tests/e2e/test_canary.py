"""A canary in real Airflow: in worker and triggerer, seen in the task's log, ended by a person."""

import pytest

from local.airflow_api import AirflowApi
from shamal.providers.triton.hooks.triton import TritonHook
from tests.asked_model import asked_model
from tests.support import finished, task, until

pytestmark = pytest.mark.e2e

DAG = "canary_check"


@pytest.fixture
def model(airflow_connections, tmp_path):
    with asked_model(tmp_path) as name:
        yield name


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
    until("no share", lambda: 2 not in repository.route(model).weights, 30)
    assert not (repository.root / model / "canary.json").exists()
    assert finished(engineer, DAG, run, 60) == "failed"
