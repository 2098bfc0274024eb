import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from local.bench import warm_workers


def test_both_sides_run_on_forked_workers_and_the_ratio_compares_them(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    spans = iter([4.0, 26.0])

    @contextlib.contextmanager
    def cold(_stack: Any) -> Iterator[None]:
        steps.append("cold")
        yield
        steps.append("warm again")

    def makespan(_api: Any, dag_id: str) -> float:
        steps.append(dag_id)
        return next(spans)

    monkeypatch.setattr(warm_workers, "cold_scheduler", cold)
    monkeypatch.setattr(warm_workers, "makespan", makespan)
    monkeypatch.setattr(warm_workers, "warm_up", lambda _: steps.append("warm up"))
    monkeypatch.setattr(warm_workers, "wait_for_dag", lambda *_: None)
    bench: Any = SimpleNamespace(stack=SimpleNamespace(api=lambda: None))
    values = warm_workers.measure(bench)
    assert [value.value for value in values] == [4, 26, 6.5]
    assert steps == ["warm up", "bench_imports", "cold", "warm up", "bench_imports", "warm again"]
