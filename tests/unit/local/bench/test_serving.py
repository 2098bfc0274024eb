from types import SimpleNamespace
from typing import Any

import pytest

from local.bench import process, serving


def test_ratios_say_how_many_times_better_the_router_is_or_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    def figures(p50: float, rate: float) -> dict[str, dict[str, float]]:
        return {clients: {"p50_ms": p50, "requests_per_second": rate} for clients in ("1", "8")}

    result = {
        "router, gRPC": figures(1.0, 1000.0),
        "router, REST": figures(2.0, 800.0),
        "mlflow": figures(6.0, 400.0),
        "onnxruntime": figures(0.5, 5000.0),
    }
    monkeypatch.setattr(process, "run", lambda *_, **__: result)
    bench: Any = SimpleNamespace(stack=SimpleNamespace(api=lambda: None, environment={}))
    assert [(value.value, value.unit) for value in serving.measure(bench)] == [
        (1.0, "ms"),
        (2.0, "ms"),
        (3.0, "x"),
        (2.0, "x"),
        (2.0, "x"),
        (5.0, "x"),
    ]
