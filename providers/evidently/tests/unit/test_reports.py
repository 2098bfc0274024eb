import json
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.evidently import reports
from shamal.providers.evidently.settings import Columns


def write(window: Any, output: Path) -> dict[str, Any]:
    return reports.report(
        "flight_delays",
        "2013-09-30",
        reference=window("reference"),
        current=window("current", rows=3),
        columns=Columns(("wind",), ("carrier",), "late", "score"),
        task="binary_classification",
        limits={},
        output=str(output),
    )


def test_a_crash_while_writing_leaves_the_old_report(window: Any, tmp_path: Path, monkeypatch: Any) -> None:
    write(window, tmp_path / "reports")
    verdict = tmp_path / "reports/2013-09-30/verdict.json"
    before = verdict.read_text()

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            write(window, tmp_path / "reports")
    assert verdict.read_text() == before
    write(window, tmp_path / "reports")
    assert json.loads(verdict.read_text())["verdict"] == "insufficient_data"
    assert len(list((tmp_path / "reports").iterdir())) == 2  # what the crash left was swept
