"""What the last `make demo` took."""

import json
from pathlib import Path

from local.bench.context import Bench
from local.bench.result import CannotMeasure, Value

BUDGET_SECONDS = 480
BUDGET_GIB = 8


def measure(bench: Bench) -> list[Value]:
    """Return wall seconds of the last `make demo` on this machine, and the peak memory of its whole stack.

    Seconds run from the start of the stack, if it did not run yet, to the last check. Memory is the largest sum of
    proportional set sizes (PSS) of all servers, tasks and pods, sampled every two seconds. Both are read from
    demo.json.
    """
    path = Path(bench.settings["SHAMAL_STATE"]) / "demo.json"
    if not path.exists():
        raise CannotMeasure("run `make demo` first")
    summary = json.loads(path.read_text())
    return [
        Value("demo", summary["seconds"], "s", BUDGET_SECONDS),
        Value("demo, peak memory", summary["peak_memory_gib"], "GiB", BUDGET_GIB),
    ]
