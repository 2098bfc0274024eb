from pathlib import Path
from typing import Any

import pytest

from local import groups, settings
from local.bench import scoring_server


def test_the_group_is_recorded_before_mlflow_takes_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    events: list[Any] = []
    monkeypatch.setattr(settings, "load", lambda: {"SHAMAL_STATE": str(tmp_path)})
    monkeypatch.setattr(groups, "kill_leftovers", lambda _, name: events.append(f"kill {name}"))
    monkeypatch.setattr(groups, "record", lambda _, name: events.append(f"record {name}"))
    monkeypatch.setattr(scoring_server.os, "execvpe", lambda _, command, __: events.append(command))
    scoring_server.main("/model", "5001")
    assert events[:2] == ["kill scoring_server", "record scoring_server"]
    assert events[2][1:] == [
        *("-m", "mlflow", "models", "serve", "--model-uri", "/model", "--env-manager", "local"),
        *("--host", "127.0.0.1", "--port", "5001", "--workers", "1"),
    ]
