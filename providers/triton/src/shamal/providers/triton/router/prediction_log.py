"""Writes every prediction to JSON-lines files, away from the requests' path."""

import contextlib
import fcntl
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import numpy as np

OPEN = ".open"
# The writer looks at the queue so often; waking it for each request would cost the request a thread switch.
WRITE_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Entry:
    """The answered rows of one request; arrays have one element (features: one row) per prediction.

    :param arms: name by version, of those that have one.
    """

    time: float
    prediction_ids: list[str]
    entity_ids: list[str] | None
    event_timestamps: list[int] | None
    versions: list[int]
    arms: dict[int, str]
    features: Any
    scores: Any


class PredictionLog:
    """A bounded queue and the thread that empties it into segments.

    A segment is `*.jsonl.open` while it is written and `*.jsonl` once it is complete: readers take the latter only.
    An entry that finds the queue full is counted and dropped; a request never waits.

    :param folder: where the segments of one model go; made when missing.
    :param seconds: a segment is closed so many seconds after its first row.
    :param rows: ... or when it has so many rows.
    :param capacity: requests that may wait for the writer.
    :param warn: called with a sentence when entries were dropped or a segment could not be written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        seconds: float = 2.0,
        rows: int = 10_000,
        capacity: int = 10_000,
        warn: Callable[[str], None] = print,
    ) -> None:
        self.folder, self.seconds, self.rows, self.capacity, self.warn = folder, seconds, rows, capacity, warn
        self.dropped = 0
        self._queue: deque[Entry] = deque()
        self._stop = threading.Event()
        self._segment: IO[str] | None = None
        self._written = 0
        self._deadline = 0.0
        self._sequence = 0
        folder.mkdir(parents=True, exist_ok=True)
        _close_leftovers(folder)
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Hand over one request's predictions; never waits."""
        if len(self._queue) < self.capacity:
            self._queue.append(entry)
        else:
            self.dropped += len(entry.prediction_ids)

    def close(self) -> None:
        """Write what is queued and close the segment."""
        self._stop.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        reported = 0
        last = False
        while not last:
            last = self._stop.wait(WRITE_EVERY_SECONDS)
            entries = [self._queue.popleft() for _ in range(len(self._queue))]
            try:
                self._write(entries)
                if last or self._written >= self.rows or time.monotonic() >= self._deadline:
                    self._close_segment()
            except OSError as error:
                self.dropped += sum(len(entry.prediction_ids) for entry in entries)
                self._abandon_segment()
                self.warn(f"prediction log {self.folder}: {error}; free or repair it, predictions are being lost")
            if self.dropped > reported:
                reported = self.dropped
                self.warn(f"prediction log {self.folder}: {reported} predictions dropped since the start")

    def _write(self, entries: list[Entry]) -> None:
        if not entries:
            return
        if self._segment is None:
            self._segment = self._open_segment()
            self._written, self._deadline = 0, time.monotonic() + self.seconds
        lines = [line for entry in entries for line in _lines(entry)]
        self._segment.write("".join(lines))
        self._segment.flush()
        self._written += len(lines)

    def _open_segment(self) -> IO[str]:
        self._sequence += 1
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{os.getpid()}-{self._sequence}.jsonl{OPEN}"
        segment = (self.folder / name).open("a")
        # The lock tells a segment that is being written from one that a crash left behind.
        fcntl.flock(segment, fcntl.LOCK_EX)
        return segment

    def _close_segment(self) -> None:
        if self._segment is None:
            return
        path = Path(self._segment.name)
        self._segment.close()
        self._segment = None
        path.rename(path.with_name(path.name.removesuffix(OPEN)))

    def _abandon_segment(self) -> None:
        """After a failed write: keep the whole lines of the segment and start another one."""
        with contextlib.suppress(OSError):
            if self._segment is not None:
                self._segment.close()
        self._segment = None
        with contextlib.suppress(OSError):
            _close_leftovers(self.folder)


def _close_leftovers(folder: Path) -> None:
    """Close the segments that a crash left open, without a last line that was cut short."""
    for path in folder.glob(f"*.jsonl{OPEN}"):
        with path.open("rb+") as segment:
            try:
                fcntl.flock(segment, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # another process is writing it
                continue
            segment.truncate(segment.read().rfind(b"\n") + 1)
            path.rename(path.with_name(path.name.removesuffix(OPEN)))


def _lines(entry: Entry) -> list[str]:
    features, scores = entry.features.tolist(), entry.scores.tolist()
    if not (np.isfinite(entry.features).all() and np.isfinite(entry.scores).all()):
        features, scores = [[_number(value) for value in row] for row in features], [_number(score) for score in scores]
    time = _iso(entry.time)
    return [
        json.dumps(
            {
                "prediction_id": prediction_id,
                "time": time,
                "entity_id": entry.entity_ids[row] if entry.entity_ids else None,
                "event_timestamp": _iso(entry.event_timestamps[row] / 1e6) if entry.event_timestamps else None,
                "version": entry.versions[row],
                "arm": entry.arms.get(entry.versions[row]),
                "features": features[row],
                "score": scores[row],
            }
        )
        + "\n"
        for row, prediction_id in enumerate(entry.prediction_ids)
    ]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def _number(value: float) -> float | None:
    """JSON has no NaN and no infinity; both are written as null."""
    return value if abs(value) < float("inf") else None
