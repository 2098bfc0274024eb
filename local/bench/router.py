"""What the router costs between a client and the served model."""

from local.bench import process
from local.bench.context import Bench
from local.bench.result import Value

BUDGET_MS = 0.5
BUDGET_THROUGHPUT = 0.8


def measure(bench: Bench) -> list[Value]:
    """Return what the router adds to its champion called directly: with log, without, and with a 10 % canary.

    On a small model of the bench's own, one row per gRPC request: the difference of the median latencies with one
    client, and the ratio of requests per second with eight. Router and champion take turns, 4 seconds each.
    """
    bench.stack.api()
    result = process.run("local.bench.router_overhead", environment=bench.stack.environment)
    values = []
    for how, figures in result.items():
        added, throughput = figures["added_p50_ms"], figures["throughput_ratio"]
        values.append(Value(f"router adds at p50, 1 client, {how}", added, "ms", BUDGET_MS))
        values.append(
            Value(f"router / direct throughput, 8 clients, {how}", throughput, "x", BUDGET_THROUGHPUT, at_least=True)
        )
    return values
