"""What the router costs between a client and the served model."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.bench import process
from local.bench.context import Bench
from local.bench.result import Value

BUDGET_MS = 0.5
BUDGET_THROUGHPUT = 0.8


def measure(bench: Bench) -> list[Value]:
    """Return what the router adds to its champion called directly, with the prediction log on and off.

    On the model that the test stack serves, one row per gRPC request: the difference of the median latencies with one
    client, and the ratio of requests per second with eight. Router and champion take turns, 10 seconds each. What the
    log gains is deleted again.
    """
    bench.stack.api()
    settings = bench.stack.settings
    with unlogged(Path(settings["SHAMAL_PREDICTIONS"]) / bench.model):
        result = process.run(
            "local.bench.router_overhead",
            settings["SHAMAL_TRITON_MODELS"],
            f"127.0.0.1:{settings['SHAMAL_TRITON_GRPC_PORT']}",
            bench.model,
            environment=bench.stack.environment,
        )
    values = []
    for log in ("logged", "not logged"):
        added, throughput = result[log]["added_p50_ms"], result[log]["throughput_ratio"]
        values.append(Value(f"router adds at p50, 1 client, {log}", added, "ms", BUDGET_MS))
        values.append(
            Value(f"router / direct throughput, 8 clients, {log}", throughput, "x", BUDGET_THROUGHPUT, at_least=True)
        )
    return values


@contextmanager
def unlogged(folder: Path) -> Iterator[None]:
    """Delete the prediction log's segments that the block adds: the monitor would take them for real requests."""
    before = set(folder.glob("*"))
    try:
        yield
    finally:
        # The router closes a segment of its log after this many seconds.
        time.sleep(3)
        for segment in set(folder.glob("*")) - before:
            segment.unlink()
