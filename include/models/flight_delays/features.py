"""Feast objects of the model: one row per flight, known before its scheduled departure."""

from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, ValueType  # noqa: TID253 - loaded by the Feast tasks only
from feast.types import Float64, Int32  # noqa: TID253 - loaded by the Feast tasks only

from shamal.providers.feast.sources import IcebergTableSource

NUMERICAL = (
    *("distance", "plane_age", "seats", "late_arrivals_carrier_7d", "late_arrivals_origin_1d"),
    *("late_departures_origin", "late_departures_carrier", "late_departures_aircraft", "late_departures_dest"),
    *("flights_in_hour", "minute_of_day", "temp", "humid", "wind_speed", "precip", "visib"),
)
CATEGORICAL = ("carrier", "origin", "dest")

flight = Entity(name="flight", join_keys=["flight_id"], value_type=ValueType.STRING)

flights = FeatureView(
    name="flight_delays_flights",
    entities=[flight],
    ttl=timedelta(days=1),
    schema=[
        *(Field(name=name, dtype=Float64) for name in NUMERICAL),
        *(Field(name=name, dtype=Int32) for name in CATEGORICAL),
    ],
    source=IcebergTableSource(table="flight_delays.flights", timestamp_field="event_timestamp"),
)

flight_delays_v1 = FeatureService(name="flight_delays_v1", features=[flights])
