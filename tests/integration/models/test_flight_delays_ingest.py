"""The Spark job of the flights on a handful of flights whose features can be told by hand."""

import importlib.util
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zipfile import ZipFile

import pytest

from include.model_spec import MODELS

pytestmark = pytest.mark.integration

# The lines of one day: 8:00, 8:59, 9:00; of the next: 9:00 (cancelled), 10:00; and one in summer.
FLIGHTS = """year,month,day,sched_dep_time,dep_delay,arr_delay,carrier,flight,tailnum,origin,dest,distance
2013,1,10,800,30,40,UA,1,N1,EWR,ORD,700
2013,1,10,859,0,0,UA,2,N2,EWR,ORD,700
2013,1,10,900,0,0,UA,3,N1,EWR,BOS,200
2013,1,11,900,NA,NA,UA,4,N3,EWR,XXX,300
2013,1,11,1000,0,16,UA,5,N3,EWR,BOS,200
2013,7,10,800,0,15,UA,1,NA,EWR,BOS,200
"""
WEATHER = """origin,time_hour,temp,humid,wind_speed,precip,visib
EWR,2013-01-10T12:00:00Z,30,50,5,0,10
EWR,2013-01-10T13:00:00Z,99,50,5,0,10
"""
PLANES = "tailnum,year,seats\nN1,2003,100\nN2,NA,50\n"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("source")
    (folder / "data").mkdir()
    with ZipFile(folder / "data/flights.csv.zip", "w") as archive:
        archive.writestr("flights.csv", FLIGHTS)
    (folder / "data/weather.csv").write_text(WEATHER)
    (folder / "data/planes.csv").write_text(PLANES)
    return str(folder)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.local.dir": str(tmp_path_factory.mktemp("spark")),
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }
    builder = SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


def build(spark: Any, source: str, start: date, end: date) -> dict[str, dict[str, Any]]:
    """Return the rows by flight number and day, each with its departure in seconds."""
    from pyspark.sql import functions as f

    loader: Any = importlib.util.spec_from_file_location("flight_ingest", MODELS / "flight_delays/ingest.py")
    module = importlib.util.module_from_spec(loader)
    loader.loader.exec_module(module)
    rows = module.build(spark, source, start, end).withColumn("departure", f.unix_timestamp("event_timestamp"))
    return {row["flight_id"]: row.asDict() for row in rows.collect()}


def test_each_row_holds_what_was_known_before_the_departure(spark: Any, source: str) -> None:
    rows = build(spark, source, date(2013, 1, 1), date(2013, 8, 1))
    first, soon, hour_later, cancelled, after, summer = (
        rows[f"2013-{day}-UA-{flight}-EWR"]
        for day, flight in (("01-10", 1), ("01-10", 2), ("01-10", 3), ("01-11", 4), ("01-11", 5), ("07-10", 1))
    )
    # New York is five hours behind UTC in winter, four in summer.
    assert first["departure"] == datetime(2013, 1, 10, 13, tzinfo=UTC).timestamp()
    assert summer["departure"] == datetime(2013, 7, 10, 12, tzinfo=UTC).timestamp()
    # Whether a flight left late counts from an hour after its schedule, not a minute earlier.
    assert (first["late_departures_origin"], soon["late_departures_origin"]) == (None, None)
    assert hour_later["late_departures_origin"] == hour_later["late_departures_aircraft"] == 1.0
    # Whether it arrived late counts from the next day; a cancelled flight left late and has no label.
    assert first["late_arrivals_origin_1d"] is None
    assert cancelled["late_arrivals_origin_1d"] == pytest.approx(1 / 3)
    assert (cancelled["late"], after["late_departures_origin"]) == (None, 1.0)
    assert (first["late"], soon["late"], after["late"], summer["late"]) == (1, 0, 1, 0)
    # The weather is that of the hour before.
    assert (first["temp"], soon["temp"], hour_later["temp"]) == (30.0, 30.0, 99.0)
    assert (first["plane_age"], first["seats"], soon["plane_age"]) == (10.0, 100.0, None)
    assert (first["flights_in_hour"], hour_later["flights_in_hour"]) == (2.0, 1.0)
    assert (first["minute_of_day"], soon["minute_of_day"]) == (480.0, 539.0)
    assert (cancelled["dest"], first["carrier"], first["origin"]) == (0, 12, 1)


def test_a_row_does_not_depend_on_the_interval_it_is_built_in(spark: Any, source: str) -> None:
    whole = build(spark, source, date(2013, 1, 1), date(2013, 8, 1))
    one_day = build(spark, source, date(2013, 1, 11), date(2013, 1, 12))
    assert one_day == {name: row for name, row in whole.items() if name.startswith("2013-01-11")}
    assert len(one_day) == 2
