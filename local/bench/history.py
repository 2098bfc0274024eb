"""bench.json: the runs of this machine, newest last, so that a change shows as a ratio of like with like."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from local.bench.result import Value
from local.files import write_private
from local.settings import HOME

MOST_RUNS = 20


def add(path: Path, values: list[Value], reasons: dict[str, str]) -> dict[str, float]:
    """Add a run to the file and return the last earlier figure of each value, by its name.

    Runs of another machine are dropped, and so are the oldest.

    :param reasons: measurement → why it could not run.
    """
    before = [run for run in _read(path) if run["machine"] == machine()]
    new = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "commit": commit(),
        "values": {
            value.name: {"value": value.value, "unit": value.unit, "budget": value.budget, "within": value.within}
            for value in values
        },
        "not_measured": reasons,
    }
    write_private(path, json.dumps({"runs": [*before, new][-MOST_RUNS:]}, indent=2) + "\n")
    return {name: entry["value"] for run in before for name, entry in run["values"].items()}


def machine() -> dict[str, int]:
    """Return the size of this machine: cores that this process may use, and memory in GiB."""
    return {"cores": len(os.sched_getaffinity(0)), "gib": round(psutil.virtual_memory().total / 2**30)}


def commit() -> str | None:
    """Return the commit of the checkout, with `+` where files differ from it; None where there is no Git."""
    try:
        revision = _git("rev-parse", "--short=12", "HEAD")
        return f"{revision}+" if _git("status", "--porcelain", "--untracked-files=no") else revision
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=HOME, capture_output=True, text=True, check=True).stdout.strip()


def _read(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    runs: list[dict[str, Any]] = json.loads(path.read_text())["runs"]
    return runs
