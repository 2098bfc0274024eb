from types import SimpleNamespace
from typing import Any

import pytest

from local.bench import process, tax


class Life:
    def __init__(self, _bench: Any) -> None: ...

    def run(self) -> float:
        return 110.0


@pytest.mark.parametrize(("model", "budget"), [("flight_delays", 1.15), ("seattle_weather", None)])
def test_both_sides_live_the_same_days(monkeypatch: pytest.MonkeyPatch, model: str, budget: float | None) -> None:
    calls = []

    def run(*command: str, **_: Any) -> dict[str, float]:
        calls.append(command)
        return {"seconds": 100.0}

    monkeypatch.setattr(tax, "Life", Life)
    monkeypatch.setattr(process, "run", run)
    bench: Any = SimpleNamespace(model=model, stack=SimpleNamespace(environment={}))
    ratio = tax.measure(bench)[-1]
    days = tax.DAYS[model]
    assert calls == [("local.bench.one_process", model, days.first, days.watched.last, days.watched.night)]
    assert ratio.value == pytest.approx(1.1)
    assert ratio.budget == budget
