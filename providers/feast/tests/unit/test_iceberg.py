from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shamal.providers.feast.errors import MissingColumn, MissingTable
from shamal.providers.feast.iceberg import load_table, scan

START = datetime(2013, 9, 1, tzinfo=UTC)


def test_only_the_columns_and_interval_are_read(lake: Any) -> None:
    table = lake.load_table("flight_delays.features")
    rows = scan(table, ["distance"], "event_timestamp", start=START, end=START + timedelta(hours=4))
    assert (rows.column_names, rows.num_rows) == (["distance"], 5)


def test_a_missing_column_is_named_with_the_nearest(lake: Any) -> None:
    with pytest.raises(MissingColumn, match="Did you mean 'distance'"):
        scan(lake.load_table("flight_delays.features"), ["distanc"], "event_timestamp")


def test_a_missing_table_is_named(lake: Any, feast_settings: dict[str, str]) -> None:
    catalog = {"type": "sql", "uri": feast_settings["catalog_uri"], "warehouse": feast_settings["warehouse"]}
    with pytest.raises(MissingTable, match=r"flight_delays\.feature'"):
        load_table(catalog, "flight_delays.feature")
