import os
import sys

import pytest

from local import groups, launch, settings


class FakeVault:
    def __init__(self, _settings, role):
        assert role == "servers"

    def require(self, path):
        return {"username": "admin", "password": f"password of {path}", "flask_secret_key": "key"}


@pytest.fixture
def launched(tmp_path, monkeypatch):
    values = settings.load("test") | {"SHAMAL_STATE": str(tmp_path)}
    calls = []
    monkeypatch.setattr(settings, "load", lambda: values)
    monkeypatch.setattr(launch, "Vault", FakeVault)
    monkeypatch.setattr(os, "execvpe", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(sys, "argv", ["launch", "mlflow"])
    launch.main()
    return values, calls[0]


def test_the_secret_is_in_the_environment_and_in_no_argument(launched):
    _values, (program, command, environment) = launched
    assert program == command[0] == sys.executable
    assert environment["MLFLOW_AUTH_ADMIN_PASSWORD"] == "password of servers/mlflow"
    assert not [argument for argument in command if "password of" in argument]


def test_the_process_group_is_recorded(launched):
    values, _call = launched
    assert groups.started(values, "mlflow") is not None
