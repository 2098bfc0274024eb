"""Process groups of the servers: recorded when a server starts, so that nothing of it outlives it.

A supervisor stops what it started; but a server killed from outside leaves its children (Airflow's task workers,
Triton's model processes), and a killed supervisor leaves every server.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from local.files import write_private
from local.settings import Settings


def record(settings: Settings, name: str) -> None:
    """Remember this process's group as the server's."""
    group = {"group": os.getpgrp(), "started": psutil.Process().create_time()}
    write_private(_path(settings, name), json.dumps(group))


def started(settings: Settings, name: str) -> float | None:
    """Return when the server was last started, in seconds since the epoch; None before its launcher has run."""
    path = _path(settings, name)
    return float(json.loads(path.read_text())["started"]) if path.exists() else None


def members(settings: Settings, name: str) -> list[psutil.Process]:
    """Return the living processes of the server's recorded group."""
    path = _path(settings, name)
    if not path.exists():
        return []
    recorded = json.loads(path.read_text())
    return [process for process in _group(recorded["group"]) if process.create_time() >= recorded["started"] - 1]


def kill_leftovers(settings: Settings, name: str) -> None:
    """End what is left of the server's earlier run, and forget it; the caller's own group is spared."""
    leftovers = [process for process in members(settings, name) if os.getpgid(process.pid) != os.getpgrp()]
    for process in leftovers:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(leftovers, timeout=10)
    _path(settings, name).unlink(missing_ok=True)


def _group(group: int) -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["status"]):
        try:
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                yield process
        except ProcessLookupError:
            continue


def _path(settings: Settings, name: str) -> Path:
    return Path(settings["SHAMAL_STATE"]) / "run" / f"{name}.json"
