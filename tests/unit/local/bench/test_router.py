from types import SimpleNamespace
from typing import Any

import pytest

from local.bench import process, router


def test_latency_and_throughput_with_and_without_log_and_with_a_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def run(*command: str, **_: Any) -> dict[str, dict[str, float]]:
        calls.append(command)
        return {
            "logged": {"added_p50_ms": 0.6, "throughput_ratio": 0.9},
            "10 % canary": {"added_p50_ms": 0.3, "throughput_ratio": 0.7},
        }

    monkeypatch.setattr(process, "run", run)
    bench: Any = SimpleNamespace(stack=SimpleNamespace(api=lambda: None, environment={}))
    values = router.measure(bench)
    assert calls == [("local.bench.router_overhead",)]
    assert [value.within for value in values] == [False, True, True, False]
    assert values[3].name == "router / direct throughput, 8 clients, 10 % canary"
