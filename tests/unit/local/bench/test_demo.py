import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.bench import demo
from local.bench.result import CannotMeasure


def bench(folder: Path) -> Any:
    return SimpleNamespace(settings={"SHAMAL_STATE": str(folder)})


def test_seconds_and_memory_of_the_last_demo(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(json.dumps({"seconds": 400.5, "peak_memory_gib": 8.5}))
    seconds, memory = demo.measure(bench(tmp_path))
    assert (seconds.value, seconds.within) == (400.5, True)
    assert (memory.value, memory.within) == (8.5, False)


def test_without_a_demo_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CannotMeasure, match="make demo"):
        demo.measure(bench(tmp_path))
