"""Counts what a candidate or shadow did, beside the champion, and appends the counts to `observations.ndjson`."""

import fcntl
import json
import os
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

WRITE_EVERY_SECONDS = 0.5
ROTATE_BYTES = 4 << 20
EDGES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
BUCKETS = (*map(str, EDGES), "inf")


@dataclass
class Counts:
    """What one version did in one interval.

    :param requests: requests given to it.
    :param errors: of these, answered by the champion: it failed, took too long, or its scores were not numbers.
    :param latency_ms: requests by the time it took: upper edge of the bucket → number; not cumulative.
    :param compared: rows for which both it and the champion have a score.
    :param disagreed: of these, further apart than the route's `disagreement`.
    :param dropped: copies for a shadow that found its queue full, and were not sent.
    """

    requests: int = 0
    errors: int = 0
    latency_ms: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BUCKETS, 0))
    compared: int = 0
    disagreed: int = 0
    dropped: int = 0


class Observations:
    """Counts in memory, and the thread that writes them about every 0.5 s, one line per version with traffic.

    :param folder: where the file of one model lies; past 4 MiB it becomes `observations.ndjson.1`.
    :param warn: called with a sentence when the file cannot be written.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self._path, self._warn = folder / "observations.ndjson", warn
        self._counts: defaultdict[tuple[int, bool], Counts] = defaultdict(Counts)
        self._lock, self._stop = threading.Lock(), threading.Event()
        folder.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._run, name="observations", daemon=True)
        self._thread.start()

    def request(self, version: int, seconds: float, *, shadow: bool = False, failed: bool = False) -> None:
        """Count a request that a version was given, and how long it took."""
        bucket = BUCKETS[bisect_left(EDGES, seconds * 1000)]
        with self._lock:
            counts = self._counts[version, shadow]
            counts.requests += 1
            counts.errors += failed
            counts.latency_ms[bucket] += 1

    def comparison(self, version: int, compared: int, disagreed: int, *, shadow: bool = False) -> None:
        """Count rows that were compared with the champion's scores."""
        with self._lock:
            counts = self._counts[version, shadow]
            counts.compared += compared
            counts.disagreed += disagreed

    def dropped(self, version: int) -> None:
        """Count a copy that was not sent."""
        with self._lock:
            self._counts[version, True].dropped += 1

    def close(self) -> None:
        """Write what was counted last."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        last = False
        while not last:
            last = self._stop.wait(WRITE_EVERY_SECONDS)
            with self._lock:
                counts, self._counts = self._counts, defaultdict(Counts)
            if counts:
                try:
                    self._append(counts)
                except OSError as error:
                    self._warn(f"{self._path}: {error}; free or repair it, a canary cannot be judged")

    def _append(self, counts: dict[tuple[int, bool], Counts]) -> None:
        now = time.time()
        lines = [
            json.dumps({"time": now, "version": version, "shadow": shadow, **asdict(each)}) + "\n"
            for (version, shadow), each in sorted(counts.items())
        ]
        while True:
            with self._path.open("a") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                # Another instance of the router may have moved the file away between its opening and the lock.
                if not self._path.exists() or not os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                    continue
                if file.tell() < ROTATE_BYTES:
                    file.write("".join(lines))
                    return
                self._path.rename(self._path.with_name("observations.ndjson.1"))
