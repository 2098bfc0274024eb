"""Measures the point-in-time join against DuckDB's bare ASOF JOIN on the same rows."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyarrow import Table

KEYS = 8
FEATURES = 16
SECONDS_OF_A_YEAR = 365 * 86_400
BARE = """
    SELECT entities.*, features.* EXCLUDE (key, event_timestamp) FROM entities
    ASOF LEFT JOIN features
    ON entities.key = features.key AND entities.event_timestamp >= features.event_timestamp
"""


def point_in_time_ratio(rows: int) -> dict[str, float]:
    """Return seconds of both joins and their ratio, each the best of three, over the same Parquet files.

    Ours goes the whole way through Feast: reading, ties, TTL, feature names, Arrow table out.

    :param rows: entity rows, and feature rows
    """
    import duckdb
    import pyarrow.parquet as pq

    with TemporaryDirectory() as name:
        folder = Path(name)
        entities = _rows(rows, features=0, seed=1)
        pq.write_table(entities, folder / "entities.parquet")
        pq.write_table(_rows(rows, FEATURES, seed=2), folder / "features.parquet")
        store = _store(folder)
        refs = [f"view:f{number}" for number in range(FEATURES)]

        def bare() -> Any:
            duck = duckdb.connect()
            for table in ("entities", "features"):
                duck.sql(f"CREATE VIEW {table} AS SELECT * FROM '{folder}/{table}.parquet'")  # noqa: S608
            return duck.sql(BARE).to_arrow_table()

        def ours() -> Any:
            return store.get_historical_features(entity_df=entities, features=refs).to_arrow()

        seconds = {"asof_join_s": _best(bare), "point_in_time_s": _best(ours)}
    return {**seconds, "ratio": seconds["point_in_time_s"] / seconds["asof_join_s"]}


def _rows(rows: int, features: int, seed: int) -> "Table":
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(seed)
    moments = random.integers(0, SECONDS_OF_A_YEAR * 1_000_000, rows)
    columns = {
        "key": pa.array(random.integers(0, KEYS, rows)),
        "event_timestamp": pa.array(moments).cast(pa.timestamp("us", "UTC")),
    }
    values = {f"f{number}": pa.array(random.random(rows, dtype=np.float32)) for number in range(features)}
    return pa.table(columns | values)


def _store(folder: Path) -> Any:
    from datetime import timedelta

    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
    from feast.types import Float32

    store = FeatureStore(
        config=RepoConfig(
            project="benchmark",
            provider="local",
            registry=str(folder / "registry.db"),
            online_store={"type": "sqlite", "path": str(folder / "online.db")},
            offline_store={"type": "shamal.providers.feast.offline_stores.asof.AsofOfflineStore"},
            entity_key_serialization_version=3,
        )
    )
    key = Entity(name="key", join_keys=["key"], value_type=ValueType.INT64)
    view = FeatureView(
        name="view",
        entities=[key],
        ttl=timedelta(days=30),
        schema=[Field(name=f"f{number}", dtype=Float32) for number in range(FEATURES)],
        source=FileSource(path=str(folder / "features.parquet"), timestamp_field="event_timestamp"),
    )
    store.apply([key, view])
    return store


def _best(run: Callable[[], Any]) -> float:
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


if __name__ == "__main__":
    print(json.dumps(point_in_time_ratio(int(sys.argv[1]) if len(sys.argv) > 1 else 350_000)))
