"""A pod's process, seen from the runner: start it, look at it, ask it to stop. Files carry all of it."""

import fcntl
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from local.pod_runner.images import PROJECT_ROOT
from local.pod_runner.objects import Json, now, read_json, write_json


def start(folder: Path, plan: Json) -> subprocess.Popen[bytes]:
    """Start the supervisor of a pod in a session of its own.

    :param folder: the pod's folder.
    :param plan: what `environment.launch_plan` made.
    """
    (folder / "tmp").mkdir(exist_ok=True)
    write_json(folder / "launch.json", plan)
    return subprocess.Popen(
        [sys.executable, "-m", "local.pod_runner.shim", str(folder)],
        cwd=PROJECT_ROOT,
        env={"PATH": os.defpath, "PYTHONPATH": str(PROJECT_ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "shim.log").open("ab"),
        start_new_session=True,
    )


def supervised(folder: Path) -> bool:
    """Say whether the pod's supervisor lives: it holds the lock, and the kernel lets go when it dies."""
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def request_stop(folder: Path, grace: float) -> None:
    """Ask the supervisor to end the pod: SIGTERM now, SIGKILL after the grace.

    :param grace: seconds; a later request may shorten it.
    """
    asked = read_json(folder / "stop.json")
    if asked is None or grace < asked["grace"]:
        write_json(folder / "stop.json", {"grace": grace})


def state(folder: Path) -> Json | None:
    """Return what the supervisor recorded, or None before the process has started.

    A supervisor that was killed can record nothing: its process is killed too, and recorded as lost.
    """
    recorded: Json | None = read_json(folder / "state.json")
    if recorded is None or "finished_at" in recorded or supervised(folder):
        return recorded
    recorded = read_json(folder / "state.json") or recorded
    if "finished_at" not in recorded:
        _kill_session(recorded)
        recorded |= {
            "exit_code": 137,
            "reason": "ContainerStatusUnknown",
            "message": "The container could not be located when the pod was terminated",
            "finished_at": now(),
        }
        write_json(folder / "state.json", recorded)
    return recorded


def _kill_session(recorded: Json) -> None:
    """Kill the session of a recorded process, unless its pid belongs to another process by now."""
    leader = recorded["pid"]
    with suppress(psutil.NoSuchProcess):
        if psutil.Process(leader).create_time() - recorded["create_time"] > 1:
            return
    for pid in psutil.pids():
        with suppress(ProcessLookupError, PermissionError):
            if os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)
