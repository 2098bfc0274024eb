import os
from typing import Any

import pytest

from local import groups, settings
from local.bench import cold_scheduler


def test_it_becomes_the_scheduler_without_preload(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[Any] = []
    monkeypatch.setattr(settings, "load", lambda: {"SHAMAL_STATE": "nowhere"})
    monkeypatch.setattr(groups, "kill_leftovers", lambda _, name: steps.append(("kill", name)))
    monkeypatch.setattr(groups, "record", lambda _, name: steps.append(("record", name)))
    monkeypatch.setattr(os, "execvpe", lambda *call: steps.append(call))
    cold_scheduler.main()
    killed, recorded, (program, command, environment) = steps
    assert (killed, recorded) == (("kill", "scheduler"), ("record", "scheduler"))
    assert program == command[0]
    assert command[1] == "scheduler"
    assert environment["SHAMAL_WARM_WORKERS"] == "false"
