"""Feast objects of the model: one row per day, known at its end."""

from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, ValueType  # noqa: TID253 - loaded by the Feast tasks only
from feast.types import Float64, Int32  # noqa: TID253 - loaded by the Feast tasks only

from shamal.providers.feast.sources import IcebergTableSource

NUMERICAL = (
    *("precipitation", "temp_max", "temp_min", "wind", "temp_max_1d_before", "temp_max_2d_before"),
    *("temp_max_week", "precipitation_3d", "season_sin", "season_cos"),
)

day = Entity(name="day", join_keys=["day_id"], value_type=ValueType.STRING)

days = FeatureView(
    name="seattle_weather_days",
    entities=[day],
    ttl=timedelta(days=1),
    schema=[*(Field(name=name, dtype=Float64) for name in NUMERICAL), Field(name="sky", dtype=Int32)],
    source=IcebergTableSource(table="seattle_weather.days", timestamp_field="event_timestamp"),
)

seattle_weather_v1 = FeatureService(name="seattle_weather_v1", features=[days])
