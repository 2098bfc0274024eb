"""Starts, stops and shows the whole stack."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local import groups, seed, vault
from local.ports import require_free
from local.server import NotReadyError, Server
from local.servers import SERVERS, airflow, pods
from local.settings import Settings
from local.supervisor import Supervisor
from local.users import login_file

LAST_LINES = 15


class ServerFailedError(Exception):
    """A server did not become ready; the message has its last log lines and where to look."""


def up(settings: Settings) -> None:
    """Start what does not run yet and seed it; print a line per server."""
    with _alone(settings):
        Path(settings["TMPDIR"]).mkdir(exist_ok=True)
        supervisor = Supervisor(settings)
        running = {name for name, state in supervisor.states().items() if state["statename"] in ("STARTING", "RUNNING")}
        missing = [server for server in SERVERS if server.name not in running]
        for server in missing:
            groups.kill_leftovers(settings, server.name)
            require_free(settings, server)
        if not supervisor.pid():
            supervisor.start(SERVERS)
        openbao, *others = SERVERS
        _start(settings, supervisor, [openbao], running)
        vault.initialize(settings)
        seed.seed(settings)
        _start(settings, supervisor, others, running)
        airflow.import_pools(settings, seed.pools(settings))
    print(f"\nAirflow: {settings['SHAMAL_AIRFLOW_URL']}  (users and passwords: {login_file(settings)})")


def down(settings: Settings) -> None:
    """Stop every server and whatever is left of its process group."""
    with _alone(settings):
        supervisor = Supervisor(settings)
        for stage in sorted({server.stage for server in SERVERS}, reverse=True):
            if supervisor.pid():
                supervisor.stop_servers([server.name for server in SERVERS if server.stage == stage])
        supervisor.shutdown()
        pods.stop_pods(settings)
        for server in SERVERS:
            groups.kill_leftovers(settings, server.name)
        shutil.rmtree(settings["TMPDIR"], ignore_errors=True)
    print("Everything is stopped.")


def status(settings: Settings) -> bool:
    """Print a table of the servers; return whether all of them run."""
    states = Supervisor(settings).states()
    row = "{:<14} {:>7}  {:<9} {:>6}  {:<24} {}"
    print(row.format("name", "pid", "state", "MiB", "address", "log"))
    for server in SERVERS:
        state = states.get(server.name, {})
        pid, name = state.get("pid") or "-", state.get("statename", "STOPPED").lower()
        memory = round(sum(_memory(process) for process in groups.members(settings, server.name)) / 2**20)
        print(row.format(server.name, pid, name, memory, _address(settings, server), _log(settings, server)))
    return all(states.get(server.name, {}).get("statename") == "RUNNING" for server in SERVERS)


def process_ids(settings: Settings) -> list[int]:
    """Return the process ids of every server of the stack, children included."""
    return [process.pid for server in SERVERS for process in groups.members(settings, server.name)]


def _start(settings: Settings, supervisor: Supervisor, servers: list[Server], running: set[str]) -> None:
    """Start the servers side by side, and wait until each is ready."""
    begun: dict[str, float] = {}
    for server in servers:
        if server.name not in running:
            server.prepare(settings)
            supervisor.start_server(server.name)
        begun[server.name] = time.monotonic()
    pids = {name: state["pid"] for name, state in supervisor.states().items()}
    waiting = list(servers)
    while waiting:
        for server in list(waiting):
            seconds = time.monotonic() - begun[server.name]
            try:
                server.ready(settings)
            except NotReadyError as error:
                if seconds > server.timeout:
                    raise _failed(settings, server, f"it runs for {seconds:.0f} s", error) from error
                if supervisor.states()[server.name]["pid"] != pids[server.name]:
                    raise _failed(settings, server, "it ended on its own", error) from error
                continue
            waiting.remove(server)
            result = "already running" if server.name in running else f"ready in {seconds:.1f} s"
            print(f"{server.name:<14} {_address(settings, server):<24} {result}", flush=True)
        time.sleep(0.2 if waiting else 0)


def _failed(settings: Settings, server: Server, state: str, error: Exception) -> ServerFailedError:
    log = _log(settings, server)
    lines = log.read_text(errors="replace").splitlines()[-LAST_LINES:] if log.exists() else []
    message = [f"{server.name} is not ready ({state}): {error}", *(f"    {line}" for line in lines), f"Log: {log}"]
    return ServerFailedError("\n".join([*message, server.hint]).rstrip())


def _address(settings: Settings, server: Server) -> str:
    return settings[server.address] if server.address else "-"


def _log(settings: Settings, server: Server) -> Path:
    return Path(settings["SHAMAL_LOGS"]) / f"{server.name}.log"


def _memory(process: Any) -> int:
    import psutil

    try:
        size: int = process.memory_full_info().pss
    except psutil.Error:
        return 0
    return size


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Let one `up` or `down` work at a time; a second one waits."""
    lock = Path(settings["SHAMAL_STATE"]) / "stack.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
