from dataclasses import replace

import pytest

from local import stack
from local.server import NotReadyError, Server
from local.supervisor import Supervisor


def _not_ready(_settings):
    raise NotReadyError("http://127.0.0.1:1 answers 503")


SERVER = Server(
    name="thing", address=None, ports=(), command=lambda _: ["thing"], ready=_not_ready, timeout=0, hint="Look there."
)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    (tmp_path / "thing.log").write_text("\n".join(f"line {number}" for number in range(100)))
    monkeypatch.setattr(Supervisor, "states", lambda _self: {"thing": {"pid": 1, "statename": "RUNNING"}})
    monkeypatch.setattr(Supervisor, "start_server", lambda _self, _name: None)
    return {"SHAMAL_STATE": str(tmp_path), "SHAMAL_LOGS": str(tmp_path)}


def test_a_server_that_does_not_become_ready_leaves_its_last_lines_its_log_and_a_hint(settings, tmp_path):
    with pytest.raises(stack.ServerFailedError) as error:
        stack._start(settings, Supervisor(settings), [SERVER], set())
    message = str(error.value)
    for part in ("thing is not ready", "answers 503", "line 99", f"Log: {tmp_path}/thing.log", "Look there."):
        assert part in message
    assert "line 84" not in message


def test_a_server_that_ends_on_its_own_is_not_waited_for(settings, monkeypatch):
    pids = iter([1, 2])
    monkeypatch.setattr(Supervisor, "states", lambda _self: {"thing": {"pid": next(pids), "statename": "RUNNING"}})
    with pytest.raises(stack.ServerFailedError, match="it ended on its own"):
        stack._start(settings, Supervisor(settings), [replace(SERVER, timeout=60)], set())


def test_a_running_server_is_not_prepared_again(settings, capsys):
    prepared = []
    server = replace(SERVER, ready=lambda _settings: None, prepare=prepared.append)
    stack._start(settings, Supervisor(settings), [server], {"thing"})
    assert prepared == []
    assert "already running" in capsys.readouterr().out
