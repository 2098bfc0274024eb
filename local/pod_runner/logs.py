"""Reading and following a pod's log."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

_CHUNK_LINES = 1000


@dataclass(frozen=True)
class LogOptions:
    """What a log request asks for.

    :param follow: go on until the pod has ended.
    :param timestamps: put the time before each line.
    :param tail_lines: begin with the last so many lines; None for all.
    :param since_seconds: leave out lines older than this; None for all.
    :param limit_bytes: end after so many bytes; None for all.
    """

    follow: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_seconds: int | None = None
    limit_bytes: int | None = None


async def read_log(path: Path, options: LogOptions, ended: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Yield a log, and with `follow` what is added to it until the pod has ended.

    :param path: the log file: a timestamp, a space and the line.
    :param options: what to leave out.
    :param ended: says whether the pod can write no more.
    """
    if not path.exists() and not options.follow:
        return
    while not path.exists():
        if ended():
            return
        await asyncio.sleep(0.1)
    left = options.limit_bytes if options.limit_bytes is not None else float("inf")
    with path.open("rb") as log:
        lines: Iterable[bytes] = _recent(_whole_lines(log), options.since_seconds)
        if options.tail_lines is not None:
            lines = deque(lines, maxlen=options.tail_lines)
        while True:
            # Asked before reading: what a pod wrote before its end is read after its end is known.
            last = not options.follow or ended()
            for chunk in _chunks(lines, options.timestamps):
                yield chunk[: int(min(left, len(chunk)))]
                left -= len(chunk)
                if left <= 0:
                    return
                await asyncio.sleep(0)
            if last:
                return
            await asyncio.sleep(0.1)
            lines = _whole_lines(log)


def _whole_lines(log: BinaryIO) -> Iterator[bytes]:
    """Yield the lines there are; one that is only half written is left for the next reading."""
    while (line := log.readline()).endswith(b"\n"):
        yield line
    log.seek(-len(line), os.SEEK_CUR)


def _recent(log: Iterable[bytes], since_seconds: int | None) -> Iterator[bytes]:
    if since_seconds is None:
        yield from log
        return
    since = (datetime.now(UTC) - timedelta(seconds=since_seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f").encode()
    for line in log:
        if line[: len(since)] >= since:
            yield line


def _chunks(lines: Iterable[bytes], timestamps: bool) -> Iterator[bytes]:
    """Join lines into chunks, so that a long log does not hold the server."""
    chunk = []
    for line in lines:
        chunk.append(line if timestamps else line.partition(b" ")[2])
        if len(chunk) == _CHUNK_LINES:
            yield b"".join(chunk)
            chunk = []
    if chunk:
        yield b"".join(chunk)
