"""A scratch lakehouse: Iceberg is a library, so that its catalog in a temporary folder is the real thing."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa  # noqa: TID253 - a test module is a leaf
import pytest

EXPECTATIONS = """
row_rules:
  - name: distance_positive
    type: expect_column_values_to_be_between
    column: distance
    min_value: 0
    strict_min: true
  - name: carrier_known
    type: expect_column_values_to_be_in_set
    column: carrier
    value_set: [UA, AA]
  - name: carrier_present
    type: expect_column_values_to_not_be_null
    column: carrier
table_rules:
  - name: enough_rows
    type: expect_table_row_count_to_be_between
    min_value: 2
  - name: unique_flights
    type: expect_column_values_to_be_unique
    column: flight_id
"""


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a new lakehouse that `lakehouse_default` points to."""
    folder = tmp_path / "lake"
    extra = {
        "catalog_type": "sql",
        "catalog_uri": f"sqlite:///{folder}/catalog.db",
        "warehouse": f"file://{folder}/warehouse",
    }
    monkeypatch.setenv("AIRFLOW_CONN_LAKEHOUSE_DEFAULT", json.dumps({"conn_type": "shamal_lakehouse", "extra": extra}))
    return folder


@pytest.fixture
def expectations(tmp_path: Path) -> Path:
    """Return the path of a small expectations file."""
    file = tmp_path / "expectations.yaml"
    file.write_text(EXPECTATIONS)
    return file


@pytest.fixture
def rows() -> pa.Table:
    """Return 20 rows of January 2013, of which row 3 breaks one rule and row 7 two."""
    start = datetime(2013, 1, 1, tzinfo=UTC)
    distance = [100.0] * 20
    carrier: list[str | None] = ["UA"] * 20
    distance[3], distance[7], carrier[7] = -424242.0, -1.0, "ZZ"
    return pa.table(
        {
            "flight_id": list(range(20)),
            "event_timestamp": pa.array([start + timedelta(days=i) for i in range(20)], pa.timestamp("us", "UTC")),
            "distance": distance,
            "carrier": carrier,
        }
    )
