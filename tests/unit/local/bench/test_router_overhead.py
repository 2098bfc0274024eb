from pathlib import Path
from typing import Any

import pytest

from local.bench import router_overhead
from shamal.providers.triton.repository import ModelRepository


def test_without_a_served_model_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="the test stack serves no flight_delays"):
        router_overhead.overhead(ModelRepository(tmp_path), "127.0.0.1:1", "flight_delays")


def test_one_client_gives_the_latency_and_eight_the_throughput(monkeypatch: pytest.MonkeyPatch) -> None:
    def turns(_address: str, _model: str, _version: int, _row: Any, clients: int, *, log: bool) -> dict[str, float]:
        return {"added_p50_ms": clients + 0.1 * log, "throughput_ratio": clients + 0.1 * log}

    class Repository:
        def route(self, _model: str) -> Any:
            return type("Route", (), {"champion": 3})

        def version_folder(self, _model: str, version: int) -> Path:
            return Path(f"version {version}")

    monkeypatch.setattr(router_overhead, "_turns", turns)
    rows = type("Golden", (), {"features": [[1.0], [2.0]]})
    monkeypatch.setattr(router_overhead.golden, "read", lambda _: rows)
    repository: Any = Repository()
    assert router_overhead.overhead(repository, "127.0.0.1:1", "flight_delays") == {
        "logged": {"added_p50_ms": 1.1, "throughput_ratio": 8.1},
        "not logged": {"added_p50_ms": 1.0, "throughput_ratio": 8.0},
    }
