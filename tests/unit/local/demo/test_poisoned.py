import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from local.demo import poisoned
from local.demo.display import Display
from local.demo.plan import MODEL
from local.demo.story import DemoFailed
from local.faults import models
from local.faults.registration import register
from local.traffic import Traffic
from shamal.providers.mlflow import releases
from shamal.providers.mlflow.testing import FakeMlflow

FOUND = {
    "version": 2,
    "reason": "disagreed 0.9 of 30",
    "detected_seconds": 1.9,
    "restored_seconds": 2.1,
    "answered_by_it": 20,
    "requests": 905,
    "lost": 0,
}


@pytest.fixture
def mlflow(tmp_path: Path) -> FakeMlflow:
    """A registry whose champion is version 1."""
    made = FakeMlflow(tmp_path / "server")
    models.write_good(tmp_path / "good.onnx", 3)
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    files = models.write(tmp_path / "good.onnx", tmp_path / "good", models.untouched, rows)
    gates = tmp_path / "gates.json"
    gates.write_text('{"verdicts": []}')
    version = register(made, MODEL, files, width=3, tags={"shamal.snapshot_id": "7"}, gates=gates)
    made.promote(MODEL, version, None, "champion")
    return made


def test_the_poisoned_version_is_the_champion_turned_round_with_its_gates(mlflow: FakeMlflow, tmp_path: Path) -> None:
    version = poisoned.poison(mlflow)
    fetched = releases.fetch(mlflow, MODEL, str(tmp_path / "fetched"), alias="fooled", version=None)
    champion = releases.fetch(mlflow, MODEL, str(tmp_path / "fetched"), alias="champion", version=None)
    assert (version, champion["version"]) == (2, 1)
    scores, good = (json.loads(Path(each["golden"]).read_text())["scores"] for each in (fetched, champion))
    assert scores == pytest.approx([1 - score for score in good])
    assert mlflow.read_json(fetched["run_id"], "gates.json") == {"verdicts": []}


def test_without_a_champion_the_next_step_is_said(tmp_path: Path) -> None:
    with pytest.raises(DemoFailed, match="run `make demo` first"):
        poisoned.poison(FakeMlflow(tmp_path))


class Story:
    """A release that ends as the test says while version 1 answers."""

    settings = {"SHAMAL_TRITON_MODELS": "/nowhere"}  # noqa: RUF012 - a double

    def __init__(self, state: str, decision: str | None, ask: Any = lambda number: 1) -> None:
        canary = {"decision": decision, "reason": "disagreed 0.9"}
        self.state, self.ask = state, ask
        self.engineer = SimpleNamespace(trigger=lambda *_, **__: "run", xcom=lambda *_, **__: canary)

    def traffic(self) -> Traffic:
        return Traffic(self.ask, rate=500)

    def follow(self, *_: Any, **__: Any) -> str:
        return self.state


def told(story: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    moments = iter((100.0, 102.5))
    monkeypatch.setattr(poisoned, "until_share", lambda *_, **__: next(moments))
    return poisoned.stopped(story, 2)


def test_times_count_from_the_first_share(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(Story("failed", "rollback"), monkeypatch)
    assert (found["detected_seconds"], found["restored_seconds"], found["lost"]) == (2.5, 2.5, 0)


@pytest.mark.parametrize(("state", "decision"), [("success", None), ("failed", "undecided")])
def test_a_poisoned_version_that_was_not_stopped_fails_the_demo(
    state: str, decision: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DemoFailed, match=f"version 2 was not stopped: the release is {state}"):
        told(Story(state, decision), monkeypatch)


def test_the_last_line_says_times_and_lost_requests(mlflow: FakeMlflow, monkeypatch: pytest.MonkeyPatch) -> None:
    display = Display()
    display.console = Console(file=io.StringIO(), width=160)
    monkeypatch.setattr(poisoned, "MlflowRegistryHook", lambda: mlflow)
    monkeypatch.setattr(poisoned, "stopped", lambda *_: FOUND)
    assert poisoned.run(Story("failed", "rollback"), display) == 0  # type: ignore[arg-type]
    lines = display.console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[-1] == "detected after 1.9 s, restored after 2.1 s, 0 of 905 requests lost"


def test_a_failure_is_told_and_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    display = Display()
    display.console = Console(file=io.StringIO(), width=160)
    monkeypatch.setattr(poisoned, "MlflowRegistryHook", lambda: FakeMlflow(tmp_path))
    assert poisoned.run(Story("failed", "rollback"), display) == 1  # type: ignore[arg-type]
    assert "run `make demo` first" in display.console.file.getvalue()  # type: ignore[attr-defined]
