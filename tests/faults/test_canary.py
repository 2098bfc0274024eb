"""A canary through the loss of the triggerer, and of the scheduler with its workers."""

import json
import time

import pytest

from local.airflow_api import AirflowApi
from shamal.providers.triton.hooks.triton import TritonHook
from tests.asked_model import asked_model
from tests.support import finished, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

DAG = "canary_check"


@pytest.fixture
def model(airflow_connections, tmp_path):
    with asked_model(tmp_path) as name:
        yield name


def has_share(repository, model: str) -> bool:
    return len(repository.route(model).shares(time.time())) > 1


def test_without_a_triggerer_the_champion_answers_alone_and_another_one_goes_on(
    engineer: AirflowApi, faults, model: str
) -> None:
    repository = TritonHook().repository
    run = engineer.trigger(DAG, {"model": model, "version": 2})
    until("a share", lambda: has_share(repository, model), 90)
    with faults.killed("triggerer"):
        until("the champion alone", lambda: not has_share(repository, model), 30)
        left = json.loads((repository.root / model / "canary.json").read_text())
    assert finished(engineer, DAG, run, 200) == "success"
    result = engineer.xcom(DAG, run, "canary")
    assert [step["share"] for step in result["steps"]] == [0.0, 0.2, 0.5]
    assert result["steps"][: len(left["steps"])] == left["steps"], "what was passed is not tested again"
    assert left["steps"]


def test_without_scheduler_and_workers_the_canary_goes_on(engineer: AirflowApi, faults, model: str) -> None:
    repository = TritonHook().repository
    run = engineer.trigger(DAG, {"model": model, "version": 2})
    until("a share", lambda: has_share(repository, model), 90)
    state = repository.root / model / "canary.json"
    with faults.killed("scheduler"):
        until("a decision", lambda: json.loads(state.read_text())["decision"] == "promote", 60)
    assert finished(engineer, DAG, run, 200) == "success"
    assert engineer.xcom(DAG, run, "canary")["decision"] == "promote"
