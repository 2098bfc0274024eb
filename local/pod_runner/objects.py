"""JSON objects of the API: their type, their timestamps, and files replaced by rename."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def now() -> str:
    """Return the time as the API writes it: RFC 3339, UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_since(timestamp: str) -> float:
    """Return how many seconds ago an API timestamp was."""
    return (datetime.now(UTC) - datetime.fromisoformat(timestamp)).total_seconds()


def write_json(path: Path, content: Any) -> None:
    """Replace a file that only its owner may read; a crash leaves the old content or the new.

    :param path: the file; a neighbour with the suffix `.new` is written first.
    :param content: anything JSON can hold.
    """
    beside = path.with_name(path.name + ".new")
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(content))
    beside.replace(path)


def read_json(path: Path) -> Any:
    """Return a file's content, or None where there is no such file."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
