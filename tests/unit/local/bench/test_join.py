from types import SimpleNamespace
from typing import Any

import pytest

from local.bench import join, process


def test_the_ratio_has_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def run(*command: str, **_: Any) -> dict[str, float]:
        calls.append(command)
        return {"asof_join_s": 0.2, "point_in_time_s": 0.5, "ratio": 2.5}

    monkeypatch.setattr(process, "run", run)
    bench: Any = SimpleNamespace(settings={})
    seconds, ratio = join.measure(bench)
    assert calls == [("shamal.providers.feast.benchmark", "350000")]
    assert (seconds.value, seconds.budget) == (0.5, None)
    assert (ratio.value, ratio.unit, ratio.within) == (2.5, "x", True)
