"""The router inside a real Triton: shares, shadows and candidates that misbehave, with requests all the time."""

import json
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shamal.providers.triton import deployment
from shamal.providers.triton.errors import WarmUpFailed
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.router.route import Route
from shamal.providers.triton.router.settings import ServingSettings

pytestmark = pytest.mark.integration

# What a candidate does instead of answering, in Triton's python backend.
MISBEHAVE = """
import os, time
import numpy as np
import triton_python_backend_utils as pb

class TritonPythonModel:
    def execute(self, requests):
        rows = len(pb.get_input_tensor_by_name(requests[0], "features").as_numpy())
        {what}
        return [pb.InferenceResponse([pb.Tensor("score", np.full(rows, score, np.float32))]) for _ in requests]
"""
ROW = np.zeros((1, 4), np.float32)


@pytest.fixture
def deploy(hook, model, make_version):
    def deploy(version, **serving):
        files = make_version(version)
        return deployment.deploy(
            hook,
            model,
            version,
            path=Path(files["path"]),
            sha256=files["sha256"],
            golden=Path(files["golden"]),
            serving=ServingSettings(**serving),
        )

    return deploy


@pytest.fixture
def route(hook, model):
    """Write a route for the next 25 seconds and wait until the router has read it."""

    def route(**changes):
        before = hook.repository.route(model)
        changes = {"champion": 1, "weights": {1: 1.0}, "expires": time.time() + 25} | changes
        after = replace(before, **changes) if before else Route(**changes)
        hook.repository.write_route(model, before, after, hook.prediction_log, 1.0)
        if before is None:
            hook.load(model)
        time.sleep(0.6)

    return route


@pytest.fixture
def observed(hook, model):
    """Return the counts of a version since the start, once it was given so many requests."""

    def observed(version, requests, shadow=False):
        deadline = time.monotonic() + 10
        total: Counter[str] = Counter()
        while total["requests"] < requests and time.monotonic() < deadline:
            time.sleep(0.3)
            path = hook.prediction_log / model / "observations.ndjson"
            lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
            total = Counter()
            for line in lines:
                if (line["version"], line["shadow"]) == (version, shadow):
                    total.update({key: line[key] for key in ("requests", "errors", "compared", "disagreed", "dropped")})
                    total.update({f"<= {edge}": count for edge, count in line["latency_ms"].items()})
        assert total["requests"] == requests
        return total

    return observed


@pytest.fixture
def predictions(hook, model):
    """Return the rows of the prediction log by id, once there are so many."""

    def predictions(expected):
        deadline = time.monotonic() + 10
        rows = []
        while len(rows) < expected and time.monotonic() < deadline:
            time.sleep(0.3)
            segments = (hook.prediction_log / model).glob("*.jsonl")
            rows = [json.loads(line) for segment in segments for line in segment.read_text().splitlines()]
        assert len({row["prediction_id"] for row in rows}) == len(rows) == expected
        return {row["prediction_id"]: row for row in rows}

    return predictions


def misbehave(hook, model, version, what):
    """Replace the version's program; its session is none that the router holds."""
    program = hook.repository.version_folder(model, version) / "1" / "model.py"
    program.write_text(MISBEHAVE.format(what=what))
    hook.load(f"{model}__v{version}")


def test_an_entity_keeps_its_version_while_the_share_grows_row_by_row(hook, model, deploy, route, predictions):
    for version in (1, 2):
        deploy(version)
    route(arms={1: "control", 2: "bolder"})
    entities = [f"customer-{number}" for number in range(400)]
    inside: list[set[str]] = []
    ids = {}
    for share in (0.1, 0.4):
        route(weights={1: 1 - share, 2: share})
        for protocol in ("grpc", "rest"):
            answer = hook.infer(model, np.zeros((400, 4)), entity_id=entities, protocol=protocol)
            by_version = dict(zip(entities, answer["model_version"].tolist(), strict=True))
            ids |= dict(zip(answer["prediction_id"], answer["model_version"].tolist(), strict=True))
            inside.append({entity for entity, version in by_version.items() if version == 2})
        alone = {entity: hook.infer(model, ROW, entity_id=[entity])["model_version"][0] for entity in entities[:20]}
        assert alone == {entity: by_version[entity] for entity in entities[:20]}
    assert inside[0] == inside[1] < inside[2] == inside[3]
    assert 20 <= len(inside[0]) <= 60
    assert 130 <= len(inside[2]) <= 190
    logged = predictions(4 * 400 + 2 * 20)
    assert {row["prediction_id"]: row["version"] for row in logged.values()}.items() >= {
        prediction.decode(): version for prediction, version in ids.items()
    }.items()
    assert {(row["version"], row["arm"]) for row in logged.values()} == {(1, "control"), (2, "bolder")}


def test_requests_without_entities_are_drawn_and_compared_with_the_champion(hook, model, deploy, route, observed):
    for version in (1, 2):
        deploy(version)
    route(weights={1: 0.5, 2: 0.5}, disagreement=1e-6)
    rows = np.random.default_rng(1).normal(size=(60, 1, 4))
    answered = Counter(int(hook.infer(model, row, protocol="grpc")["model_version"][0]) for row in rows)
    assert answered[1] + answered[2] == 60
    assert min(answered.values()) > 10
    assert observed(1, answered[1])["errors"] == 0
    candidate = observed(2, answered[2])
    time.sleep(1.2)
    candidate = observed(2, answered[2])
    assert candidate["errors"] == 0
    assert candidate["compared"] == candidate["disagreed"] == answered[2]


def test_the_champion_answers_for_a_candidate_that_misbehaves(hook, model, deploy, route, observed):
    deploy(1)
    deploy(2, candidate_timeout_ms=100)
    route()
    asked = 0
    for what in (
        "raise RuntimeError('broken')",
        "score = float('nan')",
        "score = float('inf')",
        "rows, score = rows + 1, 0.5",
        "time.sleep(0.5); score = 0.5",
    ):
        misbehave(hook, model, 2, what)
        route(weights={1: 0.0, 2: 1.0})
        for protocol in ("rest", "grpc"):
            asked += 1
            start = time.monotonic()
            answer = hook.infer(model, np.zeros((3, 4)), protocol=protocol)
            assert time.monotonic() - start < 0.4, what
            assert answer["score"].tolist() == [0.5, 0.5, 0.5], what
            assert answer["model_version"].tolist() == [1, 1, 1], what
        assert observed(2, asked)["errors"] == asked, what
    counts = observed(2, asked)
    assert counts["<= 100"] + counts["<= 200"] >= 2, "both that slept, at their limit"


def test_a_candidate_that_hangs_holds_up_no_request_of_the_champion(hook, model, deploy, route, observed):
    deploy(1)
    deploy(2, candidate_timeout_ms=300)
    misbehave(hook, model, 2, "time.sleep(1); score = 0.5")
    route()
    route(weights={1: 0.5, 2: 0.5})
    slowest: dict[int, list[float]] = {0: [], 1: []}
    errors: list[Exception] = []

    def ask(entity, hangs):
        client = TritonHook()
        for _ in range(12):
            start = time.monotonic()
            try:
                client.infer(model, ROW, entity_id=[entity], protocol="grpc")
            except Exception as error:  # noqa: BLE001 - the test counts every kind
                errors.append(error)
            slowest[hangs].append(time.monotonic() - start)

    from shamal.providers.triton.router.sticky import point

    entities = sorted((f"customer-{number}" for number in range(100)), key=lambda name: point(model, name.encode()))
    threads = [threading.Thread(target=ask, args=(entities[0], 1)) for _ in range(2)]
    threads += [threading.Thread(target=ask, args=(entities[-1], 0)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(slowest[0])[len(slowest[0]) // 2] < 0.1
    assert max(slowest[1]) < 1
    assert observed(2, 24)["errors"] == 24


def test_a_candidate_that_is_killed_or_unloaded_loses_no_request(hook, model, deploy, route, observed):
    for version in (1, 2):
        deploy(version)
    route()
    route(weights={1: 0.5, 2: 0.5})
    stub = next(
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and f"{model}__v2/1/model.py" in (folder / "cmdline").read_text()
    )
    for number in range(60):
        if number == 15:
            os.kill(stub, signal.SIGKILL)
        if number == 40:
            hook.unload(f"{model}__v2")
        assert hook.infer(model, ROW, protocol="grpc")["score"].tolist() == [0.5]
    route(weights={1: 0.0, 2: 1.0})
    assert hook.infer(model, ROW)["model_version"].tolist() == [1]
    time.sleep(1.2)
    lines = (hook.prediction_log / model / "observations.ndjson").read_text().splitlines()
    assert sum(json.loads(line)["errors"] for line in lines if json.loads(line)["version"] == 2) >= 2


def test_a_shadow_changes_no_answer_and_its_overflow_is_counted(hook, model, deploy, route, observed, predictions):
    for version in (1, 2):
        deploy(version)
    misbehave(hook, model, 2, "time.sleep(0.05); score = 0.9")
    route()
    route(shadow=2)
    start = time.monotonic()
    for _ in range(150):
        answer = hook.infer(model, ROW, protocol="grpc")
        assert (answer["score"].tolist(), answer["model_version"].tolist()) == ([0.5], [1])
    assert time.monotonic() - start < 5, "150 copies take the shadow 7.5 seconds"
    hook.infer(model, ROW, log=False)  # a probe is copied to nobody
    time.sleep(6)
    lines = [
        json.loads(line) for line in (hook.prediction_log / model / "observations.ndjson").read_text().splitlines()
    ]
    shadow = [line for line in lines if line["shadow"]]
    given, dropped = (sum(line[key] for line in shadow) for key in ("requests", "dropped"))
    assert given + dropped == 150
    assert dropped > 0
    assert sum(line["compared"] for line in shadow) == sum(line["disagreed"] for line in shadow) == given
    assert {row["version"] for row in predictions(150).values()} == {1}


def test_past_its_expiry_or_with_one_too_far_ahead_nobody_but_the_champion_answers(hook, model, deploy, route):
    for version in (1, 2):
        deploy(version)
    route()
    for ahead in (-1, 3600):
        route(weights={1: 0.0, 2: 1.0}, shadow=2, expires=time.time() + ahead)
        assert {int(hook.infer(model, ROW)["model_version"][0]) for _ in range(20)} == {1}
    time.sleep(1)
    assert not (hook.prediction_log / model / "observations.ndjson").exists()


def test_a_version_that_stays_slow_is_refused_and_removed(hook, model, deploy):
    with pytest.raises(WarmUpFailed, match=rf"{model}__v1 answers one row with a p99 of [\d.]+ ms"):
        deploy(1, warm_up_p99_ms=0.001)
    assert hook.repository.versions(model) == []
    assert not hook.ready(f"{model}__v1")


def test_gathered_requests_and_two_instances_answer_as_one(hook, model, deploy, route, observed):
    for version in (1, 2):
        deploy(version, instances=2, max_batch_rows=2, queue_delay_us=200)
    route()
    route(weights={1: 0.5, 2: 0.5})
    rows = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    direct = {version: _one_by_one(hook, f"{model}__v{version}", rows) for version in (1, 2)}
    seen = set()
    for _ in range(20):
        answer = hook.infer(model, rows, protocol="grpc")
        version = int(answer["model_version"][0])
        seen.add(version)
        np.testing.assert_allclose(answer["score"], direct[version], atol=1e-6)
    assert seen == {1, 2}


def _one_by_one(hook, name, rows):
    return np.concatenate([hook.infer(name, row[np.newaxis])["score"] for row in rows])


def test_inputs_that_do_not_fit_are_refused_and_the_log_goes_on(hook, model, deploy, route, predictions):
    deploy(1)
    route()
    for inputs, says in (
        ({"entity_id": ["a", "b"]}, "entity_id has 2 values for 1 rows"),
        ({"event_timestamp": [1, 2]}, "event_timestamp has 2 values"),
        ({"event_timestamp": [-1]}, "not microseconds since 1970"),
    ):
        with pytest.raises(Exception, match=says):
            hook.infer(model, ROW, **inputs)
    hook.infer(model, ROW)
    assert len(predictions(1)) == 1


def test_nothing_is_lost_while_a_router_gets_another_program_and_more_instances(hook, model, deploy, route):
    deploy(1)
    route()
    errors: list[Exception] = []
    sent = [0]
    stop = threading.Event()

    def ask():
        client = TritonHook()
        while not stop.wait(0.02):
            sent[0] += 1
            try:
                client.infer(model, ROW, protocol="grpc")
            except Exception as error:  # noqa: BLE001 - the test counts every kind
                errors.append(error)

    load = threading.Thread(target=ask)
    load.start()
    try:
        program = hook.repository.root / model / "1" / "model.py"
        program.write_text(program.read_text() + "# of an older release\n")
        hook.load(model)
        deploy(2, instances=2)
        for share in (0.2, 0.5, 1.0):
            route(weights={1: 1 - share, 2: share})
        route(weights={1: 1.0}, expires=None)
    finally:
        stop.set()
        load.join()
    assert errors == []
    assert sent[0] > 50
    assert "older release" not in program.read_text()
