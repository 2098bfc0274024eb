"""A scratch lake, registry and online store per test; nothing here needs a server."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

START = datetime(2013, 9, 1, tzinfo=UTC)

DEFINITIONS = """
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field
from feast.types import Float32, Int64
from feast.value_type import ValueType

from shamal.providers.feast.sources import IcebergTableSource

flight = Entity(name="flight_id", join_keys=["flight_id"], value_type=ValueType.INT64)
flights = FeatureView(
    name="flights",
    entities=[flight],
    ttl=timedelta(days=36500),
    schema=[
        Field(name="flight_id", dtype=Int64),
        Field(name="distance", dtype=Float32),
        Field(name="carrier", dtype=Int64),
    ],
    source=IcebergTableSource(table="flight_delays.features", timestamp_field="event_timestamp"),
)
service = FeatureService(name="flight_delays", features=[flights])
"""


@pytest.fixture
def feast_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Point the connection feast_default at a scratch folder."""
    settings = {
        "registry": str(tmp_path / "feast/registry.db"),
        "online_store": str(tmp_path / "feast/online.db"),
        "catalog_type": "sql",
        "catalog_uri": f"sqlite:///{tmp_path}/catalog.db",
        "warehouse": f"file://{tmp_path}/warehouse",
    }
    monkeypatch.setenv("AIRFLOW_CONN_FEAST_DEFAULT", json.dumps({"conn_type": "shamal_feast", "extra": settings}))
    return settings


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    """Write the features.py of the tests."""
    path = tmp_path / "features.py"
    path.write_text(DEFINITIONS)
    return path


@pytest.fixture
def lake(feast_settings: dict[str, str]) -> Any:
    """Return the scratch catalog with `flight_delays.features`: 100 flights, one an hour, each tenth without label."""
    import pyarrow as pa
    from pyiceberg.catalog import load_catalog

    from shamal.providers.feast.iceberg import CATALOG

    catalog = load_catalog(
        CATALOG,
        type="sql",
        uri=feast_settings["catalog_uri"],
        warehouse=feast_settings["warehouse"],
    )
    catalog.create_namespace("flight_delays")
    rows = pa.table(
        {
            "flight_id": pa.array(range(100), pa.int64()),
            "event_timestamp": pa.array([START + timedelta(hours=n) for n in range(100)], pa.timestamp("us", "UTC")),
            "distance": pa.array([None if n % 7 == 0 else n * 1.5 for n in range(100)], pa.float32()),
            "carrier": pa.array([None if n % 11 == 0 else n % 5 for n in range(100)], pa.int64()),
            "late": pa.array([None if n % 10 == 0 else n % 3 == 0 for n in range(100)], pa.bool_()),
        }
    )
    catalog.create_table("flight_delays.features", schema=rows.schema).append(rows)
    return catalog
