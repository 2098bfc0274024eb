"""Spark application that runs one model's `build` and writes its rows as Parquet.

Submitted by SparkStageOperator; Spark's Python needs nothing but pyspark to run it.
"""

import argparse
import importlib.util
import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ALL_TIME = (date(1970, 1, 1), date(2100, 1, 1))


def load_build(application: Path) -> Callable[..., Any]:
    """Return the function `build(spark, source, start, end)` of a Python file."""
    spec = importlib.util.spec_from_file_location(application.stem, application)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{application} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, "build", None)):
        raise SystemExit(f"{application} has no function build(spark, source, start, end)")
    build: Callable[..., Any] = module.build
    return build


def available(rows: "DataFrame", time_column: str) -> list[str]:
    """Return the first and last time of the rows, or nothing when there are none."""
    from pyspark.sql import functions

    column = functions.col(time_column)
    first, last = rows.agg(functions.min(column).cast("string"), functions.max(column).cast("string")).first()
    return [first, last] if first else []


def run(spark: "SparkSession", arguments: argparse.Namespace) -> dict[str, Any]:
    """Write the interval's rows and return how many there are; for none, also what the source does have."""
    build = load_build(arguments.application)
    output = str(arguments.output)
    build(spark, arguments.source, arguments.start, arguments.end).write.parquet(output)
    rows = spark.read.parquet(output).count()
    if rows:
        return {"rows": rows}
    everything = build(spark, arguments.source, *ALL_TIME)
    return {"rows": 0, "available": available(everything, arguments.time_column)}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the job of the command line."""
    from pyspark.sql import SparkSession

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--application", type=Path, required=True, help="file with build(spark, source, start, end)")
    parser.add_argument("--source", required=True, help="folder of the source files")
    parser.add_argument("--start", type=date.fromisoformat, required=True)
    parser.add_argument("--end", type=date.fromisoformat, required=True, help="excluded")
    parser.add_argument("--time-column", required=True)
    parser.add_argument("--output", type=Path, required=True, help="folder for the Parquet files")
    parser.add_argument("--summary", type=Path, required=True, help="JSON file for the row count")
    arguments = parser.parse_args(argv)
    spark = SparkSession.builder.getOrCreate()
    try:
        arguments.summary.write_text(json.dumps(run(spark, arguments)))
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
