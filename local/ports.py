"""Ports that another program holds."""

from __future__ import annotations

import os

import psutil

from local.server import Server
from local.settings import Settings


class PortTakenError(Exception):
    """Another program listens on a port that the stack needs."""


def require_free(settings: Settings, server: Server) -> None:
    """Return when nothing listens on the server's ports.

    :raises PortTakenError: names the port, its setting and the program that holds it.
    """
    for setting in server.ports:
        for connection in psutil.net_connections("tcp"):
            taken = connection.status == psutil.CONN_LISTEN and connection.laddr.port == int(settings[setting])
            if taken:
                file = "local/env.test" if os.environ.get("SHAMAL_ENV") == "test" else "local/env"
                raise PortTakenError(
                    f"Port {settings[setting]}, which {server.name} needs, is taken by {_owner(connection.pid)}. "
                    f"Stop that program, or change {setting} in {file}."
                )


def _owner(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    try:
        return f"process {pid} ({' '.join(psutil.Process(pid).cmdline())[:120]})"
    except psutil.NoSuchProcess:
        return f"process {pid}, which is just ending"
