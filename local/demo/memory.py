"""Watches the memory of the whole stack, pods included, while the demo runs."""

import threading
from collections.abc import Callable
from typing import Self

import psutil

GIB = 1024**3


class PeakMemory:
    """The largest sum of the proportional set sizes of the given processes and all their descendants.

    Shared pages count once over all processes (PSS, Linux proc(5)), so forked workers are not counted twice.

    :param roots: returns the process ids whose trees count; asked at every sample.
    :param every: seconds between samples.
    """

    def __init__(self, roots: Callable[[], list[int]], every: float = 5.0) -> None:
        self.peak_bytes = 0
        self._roots = roots
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def peak_gib(self) -> float:
        """Return the peak in GiB."""
        return self.peak_bytes / GIB

    def _watch(self) -> None:
        while not self._stop.is_set():
            self.peak_bytes = max(self.peak_bytes, self._now())
            self._stop.wait(self._every)

    def _now(self) -> int:
        processes: set[psutil.Process] = set()
        for pid in self._roots():
            try:
                root = psutil.Process(pid)
                processes |= {root, *root.children(recursive=True)}
            except psutil.NoSuchProcess:
                continue
        return sum(_pss(process) for process in processes)


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
