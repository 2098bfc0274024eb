"""Runs work that may hang or fail in threads of its own and reports each piece once, in time."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

CLOSE_SECONDS = 2.0


@dataclass(eq=False)
class _Call:
    work: Callable[[], None]
    finish: Callable[[float], None]
    limit: float
    started: float = 0.0
    _claim: threading.Lock = field(default_factory=threading.Lock)

    def settle(self) -> None:
        """Report the end of the work; only the first of worker and watch gets to do it."""
        if self._claim.acquire(blocking=False):
            self.finish(time.monotonic() - self.started)

    @property
    def settled(self) -> bool:
        return self._claim.locked()


class BoundedCalls:
    """A few threads that take work, and one that reports what takes too long.

    :param threads: pieces of work at once. Work that hangs keeps its thread until it ends.
    :param waiting: pieces that may wait for a thread; more are refused.
    :param warn: called with a sentence when reporting failed.
    """

    def __init__(self, name: str, *, threads: int, waiting: int, warn: Callable[[str], None]) -> None:
        self._name, self._capacity, self._warn = name, threads + waiting, warn
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._started: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._unfinished, self._lock = 0, threading.Lock()
        self._threads = [threading.Thread(target=self._work, name=name, daemon=True) for _ in range(threads)]
        self._threads.append(threading.Thread(target=self._watch, name=f"{name}-watch", daemon=True))
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], None], finish: Callable[[float], None], limit: float) -> bool:
        """Take a piece of work; False, at once, when there is no room for it.

        :param work: must not raise.
        :param finish: called once with the seconds that the work took, when it has ended or `limit` is over.
        :param limit: seconds from the work's start.
        """
        with self._lock:
            if self._unfinished >= self._capacity:
                return False
            self._unfinished += 1
        self._calls.put(_Call(work, finish, limit))
        return True

    def close(self) -> None:
        """End the threads; one that hangs is left behind."""
        for _ in self._threads:
            self._calls.put(None)
        self._started.put(None)
        end = time.monotonic() + CLOSE_SECONDS
        for thread in self._threads:
            thread.join(timeout=max(0.0, end - time.monotonic()))

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call.started = time.monotonic()
            self._started.put(call)
            call.work()
            self._settle(call)
            # Nothing of a call may outlive it: what it holds of Triton's must be gone before the process ends.
            del call
            with self._lock:
                self._unfinished -= 1

    def _watch(self) -> None:
        """Wait for the oldest call that is not settled; those that are settled cost nothing."""
        while (call := self._started.get()) is not None:
            if not call.settled:
                time.sleep(max(0.0, call.started + call.limit - time.monotonic()))
                self._settle(call)
            del call

    def _settle(self, call: _Call) -> None:
        try:
            call.settle()
        except Exception as error:  # noqa: BLE001 - the thread must survive whatever the server says about an answer
            self._warn(f"{self._name}: an answer could not be given: {error}")
