import json
from pathlib import Path
from typing import Any

import pytest

from local.bench import __main__ as bench
from local.bench.result import CannotMeasure, Value


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    def fails(_bench: Any) -> list[Value]:
        raise CannotMeasure("run `make demo` first")

    measurements = {"demo": fails, "tax": lambda _: [Value("tax", 2, "x", 1.15)]}
    monkeypatch.setattr(bench, "MEASUREMENTS", measurements)
    monkeypatch.setattr(bench, "load", lambda _: {"SHAMAL_STATE": str(tmp_path)})
    return tmp_path / "bench.json"


def test_what_cannot_be_measured_makes_the_exit_code_and_does_not_stop_the_rest(file: Path) -> None:
    assert bench.main([]) == 1
    (run,) = json.loads(file.read_text())["runs"]
    assert run["not_measured"] == {"demo": "run `make demo` first"}
    assert run["values"]["tax"]["within"] is False


def test_only_the_chosen_are_measured_and_a_missed_budget_is_no_error(file: Path) -> None:
    assert bench.main(["tax"]) == 0


def test_an_unknown_measurement_is_refused_with_the_known_ones(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["taxes"])
    assert "choose from demo, tax" in capsys.readouterr().err
