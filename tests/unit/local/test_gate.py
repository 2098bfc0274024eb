import sys
from typing import Any

import pytest

from local import gate


class Stopped:
    def __init__(self, settings: dict[str, str]) -> None:
        self.settings = settings

    def pid(self) -> int | None:
        return None


class Running(Stopped):
    def pid(self) -> int | None:
        return 1


def test_the_command_gets_the_arguments_and_the_environment_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(gate, "Supervisor", Running)
    monkeypatch.setattr(gate.os, "execvpe", lambda *given: calls.append(given))
    monkeypatch.setattr(sys, "argv", ["gate", "flight_delays", "--version", "3"])
    gate.main()
    ((_, command, environment),) = calls
    assert command == [sys.executable, "-m", "include.release.gate", "flight_delays", "--version", "3"]
    assert environment["AIRFLOW__SECRETS__BACKEND"].endswith("StrictVaultBackend")


def test_without_a_running_stack_it_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "Supervisor", Stopped)
    with pytest.raises(SystemExit, match="make up"):
        gate.main()
