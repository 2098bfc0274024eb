import configparser
from xmlrpc.client import Fault

import pytest

from local import settings
from local.servers import SERVERS
from local.supervisor import Supervisor, render


def test_every_server_is_a_program_stopped_as_a_group():
    parser = configparser.RawConfigParser()
    parser.read_string(render(settings.load("test"), SERVERS))
    programs = [section.removeprefix("program:") for section in parser.sections() if section.startswith("program:")]
    assert programs == [server.name for server in SERVERS]
    for name in programs:
        program = parser[f"program:{name}"]
        assert program["stopasgroup"] == program["killasgroup"] == program["autorestart"] == "true"
        assert program["autostart"] == "false"
        assert program["stdout_logfile"].endswith(f"/{name}.log")
    assert parser["unix_http_server"]["chmod"] == "0600"


def test_a_percent_sign_in_a_path_is_not_an_expansion():
    values = settings.load("test") | {"SHAMAL_LOGS": "/home/50%/logs"}
    assert "/home/50%%/logs/mlflow.log" in render(values, SERVERS)


def test_a_path_too_long_for_a_socket_is_refused(tmp_path):
    values = settings.load("test") | {"SHAMAL_STATE": str(tmp_path / ("x" * 100))}
    with pytest.raises(OSError, match="Move the project to a shorter path"):
        Supervisor(values).start(SERVERS)
    assert list(tmp_path.iterdir()) == []


def test_a_pid_file_of_another_program_is_not_believed(tmp_path):
    (tmp_path / "supervisor").mkdir()
    (tmp_path / "supervisor" / "supervisord.pid").write_text("1")
    assert Supervisor({"SHAMAL_STATE": str(tmp_path)}).pid() is None


class Supervisord:
    """A server that was killed just before it is stopped: supervisord starts it again, as it does by itself."""

    def __init__(self) -> None:
        self.looks = ["EXITED", "STARTING", "RUNNING", "STOPPING", "STOPPED"]
        self.supervisor = self

    def getAllProcessInfo(self) -> list[dict[str, str]]:  # noqa: N802 - supervisord's name
        return [{"name": "triton", "statename": self.looks[0]}]

    def stopProcess(self, name: str, wait: bool) -> None:  # noqa: N802 - supervisord's name
        state = self.looks[0]
        if state != "RUNNING":
            self.looks.pop(0)
            raise Fault(70, f"NOT_RUNNING: {name}")
        self.looks.pop(0)


def test_a_server_that_comes_back_while_it_is_stopped_is_stopped_again(monkeypatch):
    supervisor, supervisord = Supervisor(settings.load("test")), Supervisord()
    monkeypatch.setattr(Supervisor, "_rpc", lambda _: supervisord)
    monkeypatch.setattr(Supervisor, "pid", lambda _: 1)
    supervisor.stop_servers(["triton"])
    assert supervisord.looks == ["STOPPED"]
