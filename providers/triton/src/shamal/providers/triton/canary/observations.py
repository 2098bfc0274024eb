"""Reads what the router observed: new lines of observations.ndjson, across its rotation."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

# Upper edges in milliseconds of the router's latency buckets; above the last one is "inf".
EDGES_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Position(NamedTuple):
    """How far a file was read; the inode tells it from its successor after a rotation."""

    inode: int = 0
    offset: int = 0


START = Position()


@dataclass
class Counts:
    """What one version did."""

    requests: int = 0
    errors: int = 0
    slow: int = 0
    compared: int = 0
    disagreed: int = 0

    def add(self, line: dict[str, Any], slow_ms: float) -> None:
        """Add one line of the router."""
        self.requests += line["requests"]
        self.errors += line["errors"]
        self.slow += sum(count for edge, count in line["latency_ms"].items() if edge == "inf" or float(edge) > slow_ms)
        self.compared += line["compared"]
        self.disagreed += line["disagreed"]

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


def end(path: Path) -> Position:
    """Return the position behind everything that is in the file now."""
    try:
        with path.open("rb") as file:
            return Position(_inode(file), file.seek(0, 2))
    except FileNotFoundError:
        return START


def read(path: Path, position: Position) -> tuple[list[dict[str, Any]], Position]:
    """Return the whole lines after `position` and the position behind them.

    :param path: observations.ndjson; `<path>.1` is the file before it.
    """
    lines: list[dict[str, Any]] = []
    for each in (path.with_name(f"{path.name}.1"), path):
        try:
            file = each.open("rb")
        except FileNotFoundError:
            continue
        with file:
            inode = _inode(file)
            if inode != position.inode and each != path:
                continue
            file.seek(position.offset if inode == position.inode else 0)
            offset = file.tell()
            for line in _whole_lines(file):
                lines.append(json.loads(line))
                offset += len(line)
            position = Position(inode, offset)
    return lines, position


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The router may be writing the last line."""
    return (line for line in file if line.endswith(b"\n"))


def _inode(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_ino
