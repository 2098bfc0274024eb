"""Features found by key are those of Feast and of the training set: the router's reader against the real stores."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # noqa: TID253 - a test
import pyarrow.parquet as pq  # noqa: TID253 - a test
import pytest

from shamal.providers.feast.hooks.feast import FeastHook
from shamal.providers.feast.training_set import TrainingSetSpec
from shamal.providers.triton.router.keyed import OnlineFeatures, entity_key

pytestmark = pytest.mark.integration

# Recent: Feast counts ages until now. The ten minutes keep every age away from the TTL's edge.
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=41, minutes=10)
END = START + timedelta(days=3)
PROJECT = "trips"
KEYS = ["trip", "stop"]
COLUMNS = ["load", "rain", "delay", "distance", "line"]
DEFINITIONS = """
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field
from feast.types import Bool, Float32, Float64, Int32, Int64
from feast.value_type import ValueType

from shamal.providers.feast.sources import IcebergTableSource

trip = Entity(name="trip", join_keys=["trip"], value_type=ValueType.STRING)
stop = Entity(name="stop", join_keys=["stop"], value_type=ValueType.INT64)
trips = FeatureView(
    name="trips",
    entities=[trip],
    ttl=timedelta(days=30),
    schema=[Field(name="distance", dtype=Float64), Field(name="line", dtype=Int32), Field(name="rain", dtype=Bool)],
    source=IcebergTableSource(table="trips.trips", timestamp_field="event_timestamp"),
)
visits = FeatureView(
    name="visits",
    entities=[trip, stop],
    ttl=timedelta(hours=4),
    schema=[Field(name="delay", dtype=Float32), Field(name="load", dtype=Int64)],
    source=IcebergTableSource(table="trips.visits", timestamp_field="event_timestamp"),
)
service = FeatureService(name="trips_v1", features=[trips, visits])
"""


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeastHook:
    """Feast over a scratch lake: 40 trips, each stop visited some hours after its trip became known."""
    from pyiceberg.catalog import load_catalog

    from shamal.providers.feast.iceberg import CATALOG

    extra = {
        "registry": str(tmp_path / "feast/registry.db"),
        "online_store": str(tmp_path / "feast/online.db"),
        "catalog_type": "sql",
        "catalog_uri": f"sqlite:///{tmp_path}/catalog.db",
        "warehouse": f"file://{tmp_path}/warehouse",
    }
    monkeypatch.setenv("AIRFLOW_CONN_FEAST_DEFAULT", json.dumps({"conn_type": "shamal_feast", "extra": extra}))
    catalog = load_catalog(CATALOG, type="sql", uri=extra["catalog_uri"], warehouse=extra["warehouse"])
    catalog.create_namespace("trips")
    moments = [START + timedelta(hours=n) for n in range(40)]
    tables = {
        "trips": {
            "trip": pa.array([f"t{n}é" for n in range(40)]),
            "distance": pa.array([None if n % 7 == 0 else n * -1.1 for n in range(40)], pa.float64()),
            "line": pa.array([None if n % 9 == 0 else n % 5 for n in range(40)], pa.int32()),
            "rain": pa.array([None if n % 8 == 0 else n % 2 == 0 for n in range(40)], pa.bool_()),
        },
        "visits": {
            "trip": pa.array([f"t{n}é" for n in range(40)]),
            "stop": pa.array([n - 20 for n in range(40)], pa.int64()),
            "delay": pa.array([None if n % 6 == 0 else n / 3 for n in range(40)], pa.float32()),
            "load": pa.array([None if n % 5 == 0 else (n - 20) * 10**6 for n in range(40)], pa.int64()),
        },
        # What is asked: each trip and stop 0 to 7 hours later; the visits' features expire after 4.
        "asked": {
            "trip": pa.array([f"t{n}é" for n in range(40)]),
            "stop": pa.array([n - 20 for n in range(40)], pa.int64()),
            "late": pa.array([n % 3 == 0 for n in range(40)]),
        },
    }
    for name, columns in tables.items():
        times = [moment + timedelta(hours=n % 8 if name == "asked" else 0) for n, moment in enumerate(moments)]
        rows = pa.table({**columns, "event_timestamp": pa.array(times, pa.timestamp("us", "UTC"))})
        catalog.create_table(f"trips.{name}", schema=rows.schema).append(rows)
    hook = FeastHook()
    definitions = tmp_path / "features.py"
    definitions.write_text(DEFINITIONS)
    hook.apply(definitions, PROJECT)
    hook.materialize(PROJECT, None, START, END)
    return hook


@pytest.fixture
def online(hook: FeastHook, tmp_path: Path) -> Iterator[OnlineFeatures]:
    folder = tmp_path / "trips__v1"
    folder.mkdir()
    (folder / "features.json").write_text(json.dumps(described(hook)))
    online = OnlineFeatures(tmp_path / "trips")
    yield online
    online.close()


def described(hook: FeastHook, on_missing: Any = "impute") -> dict[str, Any]:
    return hook.serving_features(
        PROJECT, "trips_v1", keys=KEYS, columns=COLUMNS, categorical={"line": 5}, on_missing=on_missing
    )


def test_a_key_is_serialised_as_feast_does() -> None:
    from feast.infra.key_encoding_utils import serialize_entity_key
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

    ours = {"a": ("INT32", -3), "b": ("STRING", "é/x"), "c": ("INT64", 2**40)}
    feasts = EntityKey(
        join_keys=["c", "a", "b"],
        entity_values=[Value(int64_val=2**40), Value(int32_val=-3), Value(string_val="é/x")],
    )
    assert entity_key(ours) == serialize_entity_key(feasts, entity_key_serialization_version=3)


def test_the_router_finds_what_feast_serves(hook: FeastHook, online: OnlineFeatures) -> None:
    entities = [{"trip": f"t{n}é", "stop": n - 20} for n in range(41)]
    served = hook.online_features(PROJECT, "trips_v1", entities)
    found = online.lookup(1, [f"{entity['trip']}/{entity['stop']}" for entity in entities])
    expected = [[as_float(row, column) for column in COLUMNS] for row in served]
    np.testing.assert_array_equal(found.matrix, np.array(expected, np.float32))
    assert found.statuses == ["expired"] * 38 + ["ok"] * 2 + ["missing"]


def test_the_router_finds_what_the_model_was_trained_on(
    hook: FeastHook, online: OnlineFeatures, tmp_path: Path
) -> None:
    spec = TrainingSetSpec("trips.asked", KEYS, "late", {"line": 5}, START, START + timedelta(hours=20), END)
    hook.write_training_set(PROJECT, "trips_v1", spec, tmp_path / "set")
    rows = pa.concat_tables(pq.read_table(tmp_path / f"set/{part}.parquet") for part in ("train", "evaluation"))
    asked = rows.to_pylist()
    found = online.lookup(
        1, [f"{row['trip']}/{row['stop']}" for row in asked], [row["event_timestamp"].timestamp() for row in asked]
    )
    assert len(asked) == 40
    expected = [[as_float(row, column) for column in COLUMNS] for row in asked]
    np.testing.assert_array_equal(found.matrix, np.array(expected, np.float32))
    hours = [(row["event_timestamp"] - START).total_seconds() / 3600 - row["stop"] - 20 for row in asked]
    assert found.ages.tolist() == [hour * 3600 for hour in hours]
    assert found.statuses == ["expired" if hour > 4 else "ok" for hour in hours]


def as_float(row: dict[str, Any], column: str) -> float:
    """Return a value as the model's matrix holds it: code 0 (unknown) for a missing category, NaN for the others."""
    value = row[column]
    return float(value) if value is not None else (0 if column == "line" else math.nan)
