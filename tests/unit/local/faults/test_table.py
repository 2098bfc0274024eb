import json
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.faults import table
from local.faults.outcome import Outcome

GOOD = Outcome("fault one", "canary: errors", 1.0, 2.0, 100, 0)
BAD = Outcome("fault two", None, 1.0, 40.0, 100, 2)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    @contextmanager
    def no_world(*_: Any) -> Any:
        yield None

    monkeypatch.setattr(table, "world", no_world)
    monkeypatch.setattr(table, "FAULTS", {"one": lambda _: GOOD, "two": lambda _: BAD})
    return {"SHAMAL_STATE": str(tmp_path)}


def test_every_fault_is_a_row_and_a_broken_promise_is_said(settings: Any, capsys: Any, tmp_path: Path) -> None:
    assert table.run(settings, []) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "fault one canary: errors 1.0 2.0 100 0 0 as promised" in text
    assert "restored after 40.0 s, promised are 30; 2 requests lost; nothing stopped it" in text
    written = json.loads((tmp_path / "faults.json").read_text())
    assert [each["fault"] for each in written] == ["fault one", "fault two"]


def test_one_fault_alone_and_an_unknown_one(settings: Any, capsys: Any) -> None:
    assert table.run(settings, ["one"]) == 0
    assert table.run(settings, ["three"]) == 2
    assert "no fault three; known: one, two" in capsys.readouterr().out
