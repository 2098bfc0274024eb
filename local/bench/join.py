"""The point-in-time join against the bare one."""

from local.bench import process
from local.bench.context import Bench
from local.bench.result import Value
from local.settings import process_environment

BUDGET_RATIO = 3
ROWS = 350_000


def measure(bench: Bench) -> list[Value]:
    """Return wall seconds of Feast's point-in-time join over our offline store, and its ratio to DuckDB's ASOF JOIN.

    Both join 350,000 entity rows with 350,000 rows of 16 features (8 keys, one year) from the same Parquet files into
    an Arrow table; each is the best of three.
    """
    environment = process_environment(bench.settings)
    result = process.run("shamal.providers.feast.benchmark", str(ROWS), environment=environment)
    return [
        Value("point-in-time join", result["point_in_time_s"], "s"),
        Value("point-in-time join / bare ASOF JOIN", result["ratio"], "x", BUDGET_RATIO),
    ]
