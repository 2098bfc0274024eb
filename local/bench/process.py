"""Measurements that need a fresh Python process: what they print last is their result."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.bench.result import CannotMeasure
from local.settings import HOME

LAST_LINES = 8


def run(module: str, *arguments: str, environment: Mapping[str, str], folder: Path = HOME, timeout: float = 900) -> Any:
    """Run `python -m module arguments` and return the JSON of the last line that it prints.

    :param timeout: seconds after which it is ended.
    :raises CannotMeasure: it failed, with its last lines, or did not end in time.
    """
    command = [sys.executable, "-m", module, *arguments]
    try:
        result = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=timeout
        )
    except subprocess.TimeoutExpired as error:
        raise CannotMeasure(f"python -m {module} did not end within {timeout:.0f} s") from error
    if result.returncode != 0:
        lines = (result.stdout + result.stderr).strip().splitlines()[-LAST_LINES:]
        raise CannotMeasure("\n".join([f"python -m {module} failed:", *lines]))
    return json.loads(result.stdout.splitlines()[-1])
