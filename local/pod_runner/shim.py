"""The supervisor of one pod: starts its process, keeps its limits, and writes its log and its end.

It runs as a process of its own, so that a pod outlives the runner. It reads `launch.json` and `stop.json`
of the pod's folder, and writes `log` and `state.json`. It holds `lock` for as long as it lives.
"""

import ctypes
import fcntl
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from local.pod_runner.objects import Json, now, read_json, write_json
from local.pod_runner.output import Output

_PR_SET_CHILD_SUBREAPER = 36


class Shim:
    """One pod's process and what may end it.

    :param folder: the pod's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._plan: Json = read_json(folder / "launch.json")
        self._state: Json = {"started_at": now(), "reason": None, "message": ""}
        self._deadline = time.monotonic() + (self._plan["deadline"] or math.inf)
        self._stop_asked_at = 0.0
        self._kill_at = math.inf
        self._next_memory_check = 0.0

    def run(self) -> None:
        """Run the pod's process to its end, whatever ends it."""
        read_end, write_end = os.pipe()
        try:
            self._process = subprocess.Popen(
                self._plan["argv"],
                cwd=self._plan["cwd"],
                env=self._plan["env"],
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,
            )
        except OSError as error:
            self._finish(
                128, "StartError", f"failed to start {self._plan['argv'][0]!r}: {error.strerror}: {error.filename}"
            )
            return
        os.close(write_end)
        pid = self._process.pid
        self._save(pid=pid, create_time=psutil.Process(pid).create_time())
        output = Output(read_end, self._folder / "log")
        while (exit_code := self._reap()) is None:
            output.pump(timeout=0.1)
            self._keep_limits()
        self._end_descendants()
        output.drain(limit=5)
        self._finish(exit_code, "Completed" if exit_code == 0 else "Error")

    def _reap(self) -> int | None:
        """Collect ended processes, orphans too; return the exit code once the pod's own has ended."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._process.pid:
                    code = os.waitstatus_to_exitcode(ended[1])
                    self._process.returncode = code
                    return 128 - code if code < 0 else code
        return None

    def _keep_limits(self) -> None:
        now_ = time.monotonic()
        if stop := read_json(self._folder / "stop.json"):
            self._terminate(stop["grace"])
        if now_ >= self._deadline and not self._state["reason"]:
            self._state["reason"] = "DeadlineExceeded"
            self._terminate(self._plan["grace"])
        if self._plan["memory"] and now_ >= self._next_memory_check:
            self._next_memory_check = now_ + 0.25
            if _memory(self._plan["memory"]) > self._plan["memory"]:
                self._state["reason"] = "OOMKilled"
                self._kill_at = now_
        if now_ >= self._kill_at:
            self._signal_group(signal.SIGKILL)
            _kill_descendants()

    def _end_descendants(self) -> None:
        """Kill and collect what the pod's process left behind: nothing of a pod outlives it."""
        for _ in range(100):
            if not _kill_descendants():
                return
            time.sleep(0.02)
            self._reap()

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _terminate(self, grace: float) -> None:
        if not self._stop_asked_at:
            self._stop_asked_at = time.monotonic()
            self._signal_group(signal.SIGTERM)
        self._kill_at = min(self._kill_at, self._stop_asked_at + grace)

    def _save(self, **more: object) -> None:
        self._state |= more
        write_json(self._folder / "state.json", self._state)

    def _finish(self, exit_code: int, reason: str, message: str = "") -> None:
        reason = self._state["reason"] or reason
        exit_code = 137 if reason == "OOMKilled" else exit_code
        self._save(exit_code=exit_code, reason=reason, message=message, finished_at=now())


def _memory(limit: float) -> float:
    """Return the resident bytes of the pod's processes; pages they share count once when that decides."""
    processes = psutil.Process().children(recursive=True)
    resident = _total(processes, lambda process: process.memory_info().rss)
    return resident if resident <= limit else _total(processes, _proportional)


def _total(processes: list[psutil.Process], measure: Callable[[psutil.Process], float]) -> float:
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += measure(process)
    return total


def _proportional(process: psutil.Process) -> float:
    full = process.memory_full_info()
    return float(getattr(full, "pss", full.rss))


def _kill_descendants() -> int:
    """Kill every process below this one, orphans included, and return how many there were."""
    processes = psutil.Process().children(recursive=True)
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return len(processes)


def main(folder: Path) -> None:
    """Supervise the pod of a folder, once: a second supervisor waits for the first and finds it done."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "state.json").exists():
            return
        if sys.platform == "linux":
            # Orphans of the pod become children of this process, so that they can be found and killed.
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        Shim(folder).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
