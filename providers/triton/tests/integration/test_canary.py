"""Canaries on a real Triton, under real requests, with the controller in a process of its own."""

import json
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from airflow.sdk.exceptions import TaskDeferred

from shamal.providers.triton import deployment
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.operators.canary import CanaryOperator
from shamal.providers.triton.router.route import Route

pytestmark = pytest.mark.integration

CONTROLLER = """
import asyncio, json, logging, sys
from shamal.providers.triton.triggers.canary import CanaryTrigger

async def main():
    async for event in CanaryTrigger(**json.loads(sys.argv[1])).run():
        print(json.dumps(event.payload), flush=True)

asyncio.run(main())
"""
SPOILED = {
    "fails": ("        features = [", '        raise RuntimeError("spoiled")\n        features = ['),
    "answers no numbers": (".reshape(-1)\n", ".reshape(-1) * np.float32('nan')\n"),
    "is slow": ("        features = [", "        __import__('time').sleep(0.15)\n        features = ["),
}


@pytest.fixture
def served(hook, model, make_version):
    """Serve version 1, with version 2 of the same weights beside it; return a way to spoil version 2."""
    files = make_version(1)
    for version in (1, 2):
        deployment.deploy(
            hook, model, version, path=Path(files["path"]), sha256=files["sha256"], golden=Path(files["golden"])
        )
    route = Route(1, None, {1: 1.0})
    hook.repository.write_route(model, None, route, hook.prediction_log, hook.prediction_log_seconds)
    hook.load(model)

    def spoil(before, after):
        program = hook.repository.version_folder(model, 2) / "1" / "model.py"
        text = program.read_text()
        assert before in text
        program.write_text(text.replace(before, after))
        hook.unload(f"{model}__v2")
        hook.load(f"{model}__v2")

    return spoil


@pytest.fixture
def traffic(model, served):
    """Ask the router all the time; `versions` says who answered since it was last emptied."""
    asked = SimpleNamespace(versions=[], errors=[])
    stop = threading.Event()

    def ask(number):
        client, random = TritonHook(), np.random.default_rng(number)
        while not stop.wait(0.005):
            features = random.normal(size=(1, 4))
            try:
                answer = client.infer(model, features, entity_id=[uuid.uuid4().hex], protocol="grpc")
                asked.versions.append(int(answer["model_version"][0]))
            except Exception as error:  # noqa: BLE001 - the test counts every kind
                asked.errors.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    yield asked
    stop.set()
    for thread in threads:
        thread.join()
    assert asked.errors == [], "no client may notice any of this"


@pytest.fixture
def begin(model):
    """Run the operator up to its deferral; return its trigger's arguments."""

    def begin(**arguments):
        limits = {"min_requests": 20, "max_error_rate": 0.2, "max_slow_rate": 0.4} | arguments.pop("limits", {})
        operator = CanaryOperator(task_id="canary", model=model, version=2, limits=limits, **arguments)
        with pytest.raises(TaskDeferred) as deferred:
            operator.execute({"ti": SimpleNamespace(dag_id="it", run_id="run", task_id="canary")})
        return deferred.value.trigger.serialize()[1]

    return begin


@pytest.fixture
def control():
    """Start the trigger's loop in a process of its own."""
    started = []

    def control(arguments):
        command = [sys.executable, "-c", CONTROLLER, json.dumps(arguments)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield control
    for process in started:
        process.kill()
        process.wait()


def result(process, seconds=60):
    out, _ = process.communicate(timeout=seconds)
    return json.loads(out.splitlines()[-1])


def until(condition, seconds):
    """Return how many seconds it took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, f"not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - start


def alone(traffic):
    """Whether the champion alone answered during a second."""
    traffic.versions.clear()
    time.sleep(1)
    return set(traffic.versions) == {1}


def test_a_good_candidate_passes_every_step(hook, model, traffic, begin, control):
    arguments = begin(shadow_seconds=3, steps=[{"share": 0.2, "seconds": 3}, {"share": 0.5, "seconds": 3}])
    found = result(control(arguments))
    assert found["decision"] == "promote", found
    assert [step["share"] for step in found["steps"]] == [0.0, 0.2, 0.5]
    assert all(step["candidate"]["requests"] >= 20 for step in found["steps"])
    assert all(step["candidate"]["errors"] == step["candidate"]["disagreed"] == 0 for step in found["steps"])
    assert all(step["candidate"]["compared"] > 0 for step in found["steps"])
    assert {1, 2} == set(traffic.versions)


@pytest.mark.parametrize(
    ("spoiled", "limit"), [("fails", "errors"), ("answers no numbers", "errors"), ("is slow", "slow")]
)
def test_a_bad_candidate_is_stopped_within_seconds(hook, model, served, traffic, begin, control, spoiled, limit):
    served(*SPOILED[spoiled])
    process = control(begin(steps=[{"share": 0.2, "seconds": 30}]))
    found = result(process)
    assert (found["decision"], found["reason"].split()[0]) == ("rollback", limit), found
    assert hook.repository.route(model).weights == {1: 1.0}
    assert until(lambda: alone(traffic), 10) < 5
    lines = (hook.prediction_log / model / "observations.ndjson").read_text().splitlines()
    first_seen = min(line["time"] for line in map(json.loads, lines) if line["version"] == 2)
    taken_back = (hook.repository.root / model / "router.json").stat().st_mtime
    assert taken_back - first_seen < 10


def test_a_candidate_that_disagrees_is_stopped(hook, model, served, traffic, begin, control):
    served(".reshape(-1)\n", ".reshape(-1) * np.float32(-1)\n")
    found = result(control(begin(shadow_seconds=30, steps=[{"share": 0.2, "seconds": 3}])))
    assert found["decision"] == "rollback"
    assert found["reason"].startswith("disagreed")
    assert "the shadow step" in found["reason"]
    assert 2 not in traffic.versions, "it never answered anybody"


def test_late_labels_stop_a_candidate_that_nothing_else_stops(hook, model, served, traffic, begin, control):
    served(".reshape(-1)\n", ".reshape(-1) * np.float32(-1) + np.float32(1)\n")
    limits = {"max_disagreement_rate": None, "max_quality_loss": 0.2}
    process = control(begin(steps=[{"share": 0.5, "seconds": 120}], limits=limits))
    folder = hook.prediction_log / model
    (folder / "labels").mkdir()
    until(lambda: sum(row["version"] == 2 for row in rows(folder)) > 300, 60)
    labels = [
        {"entity_id": row["entity_id"], "label": float((row["score"] > 0.5) == (row["version"] == 1))}
        for row in rows(folder)
    ]
    beside = folder / "labels" / "1.jsonl.open"
    beside.write_text("".join(json.dumps(label) + "\n" for label in labels))
    beside.rename(folder / "labels" / "1.jsonl")
    found = result(process)
    assert found["decision"] == "rollback", found
    assert found["reason"].startswith("quality loss 1.0000 of")
    assert hook.repository.route(model).weights == {1: 1.0}


def rows(folder):
    return [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]


@pytest.mark.faults
def test_a_controller_that_is_killed_leaves_no_candidate_and_another_goes_on(hook, model, traffic, begin, control):
    killed_at = 1
    arguments = begin(shadow_seconds=4, steps=[{"share": 0.2, "seconds": 4}, {"share": 0.5, "seconds": 4}])
    state = hook.repository.root / model / "canary.json"
    process = control(arguments)
    until(
        lambda: json.loads(state.read_text())["step"] == killed_at and json.loads(state.read_text())["elapsed"] > 1, 60
    )
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: time.time() > hook.repository.route(model).expires, 30)
    assert alone(traffic) or alone(traffic)
    assert hook.repository.route(model).shadowed(time.time()) is None
    before = json.loads(state.read_text())
    assert before["step"] == killed_at
    found = result(control(arguments))
    assert found["decision"] == "promote", found
    assert [step["share"] for step in found["steps"]] == [0.0, 0.2, 0.5]
    assert found["steps"][:killed_at] == before["steps"], "what was passed is not tested again"
