"""One row per day in Seattle, with what was known at its end; the label is the next day's highest temperature."""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SKIES = ("drizzle", "fog", "rain", "snow", "sun")
MEASURED = ("precipitation", "temp_max", "temp_min", "wind")


def build(spark: "SparkSession", source: str, start: date, end: date) -> "DataFrame":
    """Return the days that ended in [start, end), days in UTC.

    :param source: folder of the vega_datasets package
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    days = spark.read.csv(f"{source}/_data/seattle-weather.csv", header=True).select(
        f.to_date("date", "yyyy/MM/dd").alias("day"),
        *(f.col(name).cast("double").alias(name) for name in MEASURED),
        "weather",
    )
    number = f.unix_date("day")

    def days_before(first: int, last: int) -> "Window":
        # By date, not by row: a missing day makes a missing value, never a neighbour's.
        return Window.orderBy(number).rangeBetween(-first, -last)

    season = 2 * 3.141592653589793 * f.dayofyear("day") / 365.25
    known = f.array(*(f.lit(sky) for sky in SKIES))
    first, last = (f.lit(datetime.combine(day, time(), UTC)) for day in (start, end))
    rows = days.select(
        f.date_format("day", "yyyy-MM-dd").alias("day_id"),
        # The day is over at midnight in Seattle; the label's day begins there.
        f.expr("make_timestamp(year(day + 1), month(day + 1), day(day + 1), 0, 0, 0, 'America/Los_Angeles')").alias(
            "event_timestamp"
        ),
        *MEASURED,
        *(f.avg("temp_max").over(days_before(lag, lag)).alias(f"temp_max_{lag}d_before") for lag in (1, 2)),
        f.avg("temp_max").over(days_before(6, 0)).alias("temp_max_week"),
        f.sum("precipitation").over(days_before(2, 0)).alias("precipitation_3d"),
        f.sin(season).alias("season_sin"),
        f.cos(season).alias("season_cos"),
        f.coalesce(f.array_position(known, f.col("weather")), f.lit(0)).cast("int").alias("sky"),
        f.avg("temp_max").over(days_before(-1, -1)).alias("temp_max_tomorrow"),
    )
    return rows.where((f.col("event_timestamp") >= first) & (f.col("event_timestamp") < last))
