"""The supervisor (supervisord): its configuration, its start, and calls to it over its unix socket (0600)."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from local.files import write_private
from local.server import Server
from local.settings import HOME, Settings, process_environment

SUPERVISORD = """\
[unix_http_server]
file = {folder}/supervisor.sock
chmod = 0600

[supervisord]
directory = {home}
pidfile = {folder}/supervisord.pid
logfile = {logs}/supervisord.log
logfile_maxbytes = 10MB
logfile_backups = 1
umask = 077
nocleanup = true

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
PROGRAM = """
[program:{name}]
command = {python} -m local.launch {name}
directory = {home}
priority = {stage}
autostart = false
autorestart = true
startsecs = 5
startretries = 5
stopasgroup = true
killasgroup = true
stopwaitsecs = 30
redirect_stderr = true
stdout_logfile = {logs}/{name}.log
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 2
"""
# sun_path of a unix socket, less its final zero byte.
LONGEST_SOCKET_PATH = 107
AT_REST = ("STOPPED", "FATAL")
"""States that supervisord leaves only when it is told to."""


def render(settings: Settings, servers: tuple[Server, ...]) -> str:
    """Return supervisord's configuration; it holds no setting of the servers and no secret."""
    # % introduces an expansion in supervisord's files.
    places = {
        "home": str(HOME).replace("%", "%%"),
        "logs": settings["SHAMAL_LOGS"].replace("%", "%%"),
        "folder": str(_folder(settings)).replace("%", "%%"),
        "python": shlex.quote(sys.executable).replace("%", "%%"),
    }
    programs = [PROGRAM.format(name=server.name, stage=server.stage, **places) for server in servers]
    return SUPERVISORD.format(**places) + "".join(programs)


class Supervisor:
    """The stack's supervisord.

    :param settings: the stack's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.socket = _folder(settings) / "supervisor.sock"

    def pid(self) -> int | None:
        """Return the process id of the running supervisord, or None."""
        path = _folder(self.settings) / "supervisord.pid"
        if not path.exists():
            return None
        pid = int(path.read_text())
        try:
            ours = str(_configuration(self.settings)) in psutil.Process(pid).cmdline()
        except psutil.NoSuchProcess:
            return None
        return pid if ours else None

    def start(self, servers: tuple[Server, ...]) -> None:
        """Start supervisord in the background, with every server still stopped.

        :raises OSError: the project's path is too long for a unix socket.
        """
        if len(str(self.socket)) > LONGEST_SOCKET_PATH:
            raise OSError(
                f"The path of the supervisor's socket, {self.socket}, is longer than the {LONGEST_SOCKET_PATH} "
                "characters that the system allows. Move the project to a shorter path, or set SHAMAL_STATE "
                "in local/env."
            )
        Path(self.settings["SHAMAL_LOGS"]).mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(_configuration(self.settings), render(self.settings, servers))
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(_configuration(self.settings))]
        # The servers' launchers read the settings themselves: supervisord gets none of them.
        subprocess.run(command, cwd=HOME, env=process_environment({}), check=True)
        deadline = time.monotonic() + 10
        while not self.pid() or not self.socket.exists():
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"supervisord did not start within 10 s; see {self.settings['SHAMAL_LOGS']}/supervisord.log"
                )
            time.sleep(0.05)

    def states(self) -> dict[str, dict[str, Any]]:
        """Return what supervisord knows about each server, by name; empty when it does not run."""
        if not self.pid():
            return {}
        processes: Any = self._rpc().supervisor.getAllProcessInfo()
        return {process["name"]: process for process in processes}

    def start_server(self, name: str) -> None:
        """Start one server; one that runs already is left alone."""
        try:
            self._rpc().supervisor.startProcess(name, False)
        except Fault as fault:
            if not fault.faultString.startswith("ALREADY_STARTED"):
                raise

    def stop_servers(self, names: list[str]) -> None:
        """Stop these servers side by side, each with its process group."""
        # Asked again and again: one that was killed a moment ago cannot be stopped until supervisord restarted it.
        while going := [name for name in names if self.states()[name]["statename"] not in AT_REST]:
            for name in going:
                try:
                    self._rpc().supervisor.stopProcess(name, False)
                except Fault as fault:
                    if not fault.faultString.startswith("NOT_RUNNING"):
                        raise
            time.sleep(0.1)

    def shutdown(self) -> None:
        """End supervisord itself, with whatever still runs."""
        pid = self.pid()
        if pid is None:
            return
        process = psutil.Process(pid)
        self._rpc().supervisor.shutdown()
        process.wait(timeout=120)

    def _rpc(self) -> ServerProxy:
        # The address is not used: the transport speaks over the socket.
        return ServerProxy("http://127.0.0.1", transport=SupervisorTransport(None, None, f"unix://{self.socket}"))


def _folder(settings: Settings) -> Path:
    return Path(settings["SHAMAL_STATE"]) / "supervisor"


def _configuration(settings: Settings) -> Path:
    return _folder(settings) / "supervisord.conf"
