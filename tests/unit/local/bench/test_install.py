from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.bench import install
from local.bench.result import CannotMeasure

BENCH: Any = SimpleNamespace()


def stamped(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    (folder / ".complete").write_text(text)
    monkeypatch.setattr(install, "STAMP", folder / ".complete")


def test_environments_made_from_nothing_have_a_budget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stamped(monkeypatch, tmp_path, "made 187\n")
    (value,) = install.measure(BENCH)
    assert (value.value, value.unit, value.within) == (187, "s", True)


def test_bringing_them_up_to_date_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stamped(monkeypatch, tmp_path, "updated 12\n")
    (value,) = install.measure(BENCH)
    assert (value.value, value.budget) == (12, None)


def test_an_older_stamp_says_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stamped(monkeypatch, tmp_path, "")
    with pytest.raises(CannotMeasure, match="unknown"):
        install.measure(BENCH)
