import asyncio
import json
from types import SimpleNamespace

import pytest

from shamal.providers.triton.canary import plan
from shamal.providers.triton.canary.controller import Canary
from shamal.providers.triton.router.route import Route
from shamal.providers.triton.triggers import canary as module
from shamal.providers.triton.triggers.canary import CanaryTrigger

RUN = "dag/run/canary"


@pytest.fixture
def trigger(triton, deploy, monkeypatch):
    """A trigger on a canary of version 2 that has begun."""
    for version in (1, 2):
        deploy(version)
    route = triton.repository.write_route("churn", None, Route(1, None, {1: 1.0}), triton.prediction_log, 2.0)
    planned = plan.make(
        [{"share": 0.5, "seconds": 0}],
        shadow_seconds=0,
        limits={"min_requests": 1},
        confidence=0.99,
        hold_seconds=0.05,
        unsure="promote",
    )
    Canary(triton, "churn", RUN).begin(2, route, planned, 0.0)
    connection = triton.connection
    values = {"conn_type": "shamal_triton", "host": "fake", "port": 1, "extra": connection.extra}
    monkeypatch.setenv("AIRFLOW_CONN_TRITON_FAKE", json.dumps(values))
    monkeypatch.setattr(module, "LOOK_EVERY_SECONDS", 0.01)
    return CanaryTrigger("churn", RUN, "triton_fake")


def test_a_trigger_carries_names_and_nothing_else(trigger):
    path, arguments = trigger.serialize()
    assert path == f"{CanaryTrigger.__module__}.CanaryTrigger"
    assert arguments == {"model": "churn", "run": RUN, "triton_conn_id": "triton_fake"}
    assert CanaryTrigger(**arguments).serialize() == trigger.serialize()


def test_it_looks_until_there_is_a_result_and_tells_about_it(trigger, triton, monkeypatch):
    told = []
    monkeypatch.setattr(CanaryTrigger, "log", SimpleNamespace(info=told.append))

    async def run():
        return [event.payload async for event in trigger.run()]

    events = asyncio.run(asyncio.wait_for(run(), 20))
    assert [event["decision"] for event in events] == ["undecided"]
    assert told[-1].startswith("churn v2 undecided: 0 request(s)")
    assert triton.repository.route("churn").weights == {1: 1.0}


def test_a_person_who_ends_the_task_ends_the_canary(trigger, triton):
    canary = Canary(triton, "churn", RUN)
    canary.look(0.0)
    assert 2 in triton.repository.route("churn").weights
    asyncio.run(trigger.cleanup())
    assert 2 in triton.repository.route("churn").weights, "another triggerer goes on"
    asyncio.run(trigger.on_kill())
    assert triton.repository.route("churn").weights == {1: 1.0}
    assert not canary.path.exists()
