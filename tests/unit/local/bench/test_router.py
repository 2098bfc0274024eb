from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.bench import process, router


def test_latency_and_throughput_with_and_without_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls = []

    def run(*command: str, **_: Any) -> dict[str, dict[str, float]]:
        calls.append(command)
        return {
            "logged": {"added_p50_ms": 0.6, "throughput_ratio": 0.9},
            "not logged": {"added_p50_ms": 0.3, "throughput_ratio": 0.7},
        }

    monkeypatch.setattr(process, "run", run)
    monkeypatch.setattr(router.time, "sleep", lambda _: None)
    settings = {
        "SHAMAL_TRITON_MODELS": "models",
        "SHAMAL_TRITON_GRPC_PORT": "18001",
        "SHAMAL_PREDICTIONS": str(tmp_path),
    }
    stack = SimpleNamespace(api=lambda: None, settings=settings, environment={})
    bench: Any = SimpleNamespace(stack=stack, model="flight_delays")
    values = router.measure(bench)
    assert calls == [("local.bench.router_overhead", "models", "127.0.0.1:18001", "flight_delays")]
    assert [value.within for value in values] == [False, True, True, False]


def test_what_the_prediction_log_gains_is_deleted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(router.time, "sleep", lambda _: None)
    (tmp_path / "before.jsonl").write_text("{}\n")
    with router.unlogged(tmp_path):
        (tmp_path / "during.jsonl").write_text("{}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["before.jsonl"]
