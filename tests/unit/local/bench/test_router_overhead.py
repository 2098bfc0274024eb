import time
from pathlib import Path
from typing import Any

import pytest

from local.bench import own_model, router_overhead
from shamal.providers.triton.testing import FakeTriton


@pytest.fixture
def triton(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTriton:
    monkeypatch.setattr(own_model.time, "sleep", lambda _: None)
    return FakeTriton(tmp_path)


def test_one_client_gives_the_latency_and_eight_the_throughput(
    monkeypatch: pytest.MonkeyPatch, triton: FakeTriton
) -> None:
    routes = []

    def turns(hook: FakeTriton, model: str, clients: int, *, log: bool) -> dict[str, float]:
        routes.append(hook.repository.route(model))
        return {"added_p50_ms": clients + 0.1 * log, "throughput_ratio": clients + 0.1 * log}

    monkeypatch.setattr(router_overhead, "_turns", turns)
    monkeypatch.setattr(router_overhead, "_candidate_answers", lambda *_: True)
    assert router_overhead.overhead(triton) == {
        "logged": {"added_p50_ms": 1.1, "throughput_ratio": 8.1},
        "not logged": {"added_p50_ms": 1.0, "throughput_ratio": 8.0},
        "10 % canary": {"added_p50_ms": 1.1, "throughput_ratio": 8.1},
    }
    assert [route.shares(time.time()) for route in routes[:4]] == [{1: 1.0}] * 4
    assert [route.shares(time.time()) for route in routes[4:]] == [{1: 0.9, 2: 0.1}] * 2


def test_a_share_that_ran_out_is_no_result(monkeypatch: pytest.MonkeyPatch, triton: FakeTriton) -> None:
    answers = iter([True, False])
    figures: dict[str, Any] = {"added_p50_ms": 0.0, "throughput_ratio": 1.0}
    monkeypatch.setattr(router_overhead, "_turns", lambda *_, **__: figures)
    monkeypatch.setattr(router_overhead, "_candidate_answers", lambda *_: next(answers))
    with pytest.raises(SystemExit, match="share ran out"):
        router_overhead.overhead(triton)


def test_both_measurements_of_a_canary_fit_into_its_share() -> None:
    # Each asks both sides for SECONDS, after a warm-up of a tenth of it.
    assert 2 * 2 * 1.1 * router_overhead.SECONDS < router_overhead.EXPIRES_SECONDS - 5
