# ruff: noqa: TID253 - a test of the libraries themselves
"""The ASOF offline store answers as Feast's own DuckDB store does, on the same Parquet files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64, Int64, String

pytestmark = pytest.mark.integration

NOON = datetime(2013, 9, 1, 12, tzinfo=UTC)
ASOF = "shamal.providers.feast.offline_stores.asof.AsofOfflineStore"
MICROSECOND = timedelta(microseconds=1)


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return str(path)


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Weather with TTL and created timestamp, planes without either, renamed columns, and a view without entity."""
    folder = tmp_path_factory.mktemp("sources")
    weather = [
        {"origin": "JFK", "at": NOON - timedelta(hours=2), "made": NOON, "wind": 1.0, "note": "old"},
        {"origin": "JFK", "at": NOON - timedelta(hours=1), "made": NOON, "wind": 2.0, "note": "first"},
        {"origin": "JFK", "at": NOON - timedelta(hours=1), "made": NOON + MICROSECOND, "wind": 3.0, "note": None},
        {"origin": "JFK", "at": NOON + timedelta(hours=1), "made": NOON, "wind": 4.0, "note": "later"},
        {"origin": "LGA", "at": NOON, "made": NOON, "wind": None, "note": "null value"},
        {"origin": "LGA", "at": NOON - timedelta(minutes=1), "made": NOON, "wind": 5.0, "note": "hidden by null"},
        {"origin": "EWR", "at": NOON - timedelta(hours=3), "made": NOON, "wind": 6.0, "note": "edge"},
    ]
    planes = [
        {"tail": "N1", "event_timestamp": NOON - timedelta(days=900), "seats": 100, "wind": 0.5},
        {"tail": "N2", "event_timestamp": NOON + MICROSECOND, "seats": 200, "wind": 0.5},
    ]
    fleet = [{"event_timestamp": NOON - timedelta(hours=n), "flying": n} for n in range(3)]
    airport = Entity(name="airport", join_keys=["airport"], value_type=ValueType.STRING)
    plane = Entity(name="plane", join_keys=["tail"], value_type=ValueType.STRING)
    return [
        airport,
        plane,
        FeatureView(
            name="weather",
            entities=[airport],
            ttl=timedelta(hours=3),
            schema=[Field(name="wind", dtype=Float64), Field(name="remark", dtype=String)],
            source=FileSource(
                path=write(folder / "weather.parquet", weather),
                timestamp_field="at",
                created_timestamp_column="made",
                field_mapping={"note": "remark", "origin": "airport"},
            ),
        ),
        FeatureView(
            name="planes",
            entities=[plane],
            ttl=None,
            schema=[Field(name="seats", dtype=Int64), Field(name="wind", dtype=Float64)],
            source=FileSource(path=write(folder / "planes.parquet", planes), timestamp_field="event_timestamp"),
        ),
        FeatureView(
            name="fleet",
            entities=[],
            ttl=timedelta(days=1),
            schema=[Field(name="flying", dtype=Int64)],
            source=FileSource(path=write(folder / "fleet.parquet", fleet), timestamp_field="event_timestamp"),
        ),
    ]


@pytest.fixture(scope="module")
def stores(views: list[Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, FeatureStore]:
    made = {}
    for name, offline in (("feast", "duckdb"), ("ours", ASOF)):
        folder = tmp_path_factory.mktemp(name)
        made[name] = FeatureStore(
            config=RepoConfig(
                project="contract",
                provider="local",
                registry=str(folder / "registry.db"),
                online_store={"type": "sqlite", "path": str(folder / "online.db")},
                offline_store={"type": offline},
                entity_key_serialization_version=3,
            )
        )
        made[name].apply(views)
    return made


def answers(store: FeatureStore, entities: pd.DataFrame, refs: Any, **options: Any) -> pd.DataFrame:
    answer = store.get_historical_features(entity_df=entities.copy(), features=refs, **options).to_df()
    answer["event_timestamp"] = pd.to_datetime(answer["event_timestamp"], utc=True).astype("datetime64[us, UTC]")
    return answer.sort_values("row").reset_index(drop=True)


def entity_rows(**columns: list[Any]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    return frame.assign(row=range(len(frame)))


CASES = {
    "newest value, null features and missing keys": entity_rows(
        airport=["JFK", "LGA", "EWR", "XXX", None], event_timestamp=[NOON] * 5
    ),
    "a tie in time goes to the newest created timestamp": entity_rows(
        airport=["JFK"] * 3,
        event_timestamp=[NOON - timedelta(hours=1), NOON - timedelta(minutes=59), NOON - timedelta(hours=1, minutes=1)],
    ),
    "the TTL includes its edge and nothing beyond": entity_rows(
        airport=["EWR"] * 3, event_timestamp=[NOON, NOON + MICROSECOND, NOON - timedelta(hours=3)]
    ),
    "a value is known at its own time, not before": entity_rows(
        airport=["LGA"] * 2, event_timestamp=[NOON, NOON - MICROSECOND]
    ),
    "entity rows may repeat": entity_rows(airport=["JFK", "JFK"], event_timestamp=[NOON, NOON]),
    "other time zones are the same moments": entity_rows(
        airport=["JFK", "EWR"],
        event_timestamp=pd.to_datetime([NOON, NOON]).tz_convert("Asia/Riyadh").to_list(),
    ),
    "times without a zone are UTC": entity_rows(
        airport=["JFK", "EWR"], event_timestamp=[NOON.replace(tzinfo=None)] * 2
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_that_of_feast(stores: dict[str, FeatureStore], name: str) -> None:
    refs = ["weather:wind", "weather:remark"]
    expected, given = (answers(stores[store], CASES[name], refs) for store in ("feast", "ours"))
    pd.testing.assert_frame_equal(given, expected[given.columns], check_dtype=False)


def test_several_views_join_with_full_names(stores: dict[str, FeatureStore]) -> None:
    entities = entity_rows(airport=["JFK", "XXX", "LGA"], tail=["N1", "N1", "N2"], event_timestamp=[NOON, NOON, NOON])
    refs = ["weather:wind", "planes:wind", "planes:seats"]
    expected, given = (answers(stores[store], entities, refs, full_feature_names=True) for store in ("feast", "ours"))
    pd.testing.assert_frame_equal(given, expected[given.columns], check_dtype=False)
    assert list(given["planes__seats"])[:2] == [100, 100]


def test_a_view_serves_two_roles_through_its_join_key_map(stores: dict[str, FeatureStore], views: list[Any]) -> None:
    from feast import FeatureService

    weather = next(view for view in views if view.name == "weather")
    service = FeatureService(
        name="roles",
        features=[
            weather[["wind"]].with_name("departure").with_join_key_map({"airport": "from_airport"}),
            weather[["wind"]].with_name("arrival").with_join_key_map({"airport": "to_airport"}),
        ],
    )
    entities = entity_rows(from_airport=["JFK", "EWR"], to_airport=["EWR", "LGA"], event_timestamp=[NOON, NOON])
    for store in stores.values():
        store.apply([service])
    expected, given = (
        answers(store, entities, store.get_feature_service("roles"), full_feature_names=True)
        for store in (stores["feast"], stores["ours"])
    )
    pd.testing.assert_frame_equal(given, expected[given.columns], check_dtype=False)
    assert list(given["departure__wind"]) == [3.0, 6.0]


def test_a_view_without_entity_gives_its_newest_row(stores: dict[str, FeatureStore]) -> None:
    entities = entity_rows(event_timestamp=[NOON, NOON - timedelta(minutes=30)])
    assert list(answers(stores["ours"], entities, ["fleet:flying"])["flying"]) == [0, 1]


@pytest.mark.parametrize("end", [NOON, NOON + timedelta(days=1)])
def test_the_newest_rows_to_materialise_are_those_of_feast(stores: dict[str, FeatureStore], end: datetime) -> None:
    pulled = []
    for store in (stores["feast"], stores["ours"]):
        view = store.get_feature_view("weather")
        rows = store._get_provider().offline_store.pull_latest_from_table_or_query(
            store.config, view.batch_source, ["origin"], ["wind", "note"], "at", "made", NOON - timedelta(hours=2), end
        )
        pulled.append(rows.to_arrow().select(["origin", "wind", "note"]).sort_by("origin").to_pylist())
    assert pulled[0] == pulled[1]


def test_all_rows_of_an_interval_are_those_of_feast(stores: dict[str, FeatureStore]) -> None:
    pulled = []
    for store in (stores["feast"], stores["ours"]):
        view = store.get_feature_view("weather")
        rows = store._get_provider().offline_store.pull_all_from_table_or_query(
            store.config, view.batch_source, ["origin"], ["wind"], "at", "made", NOON - timedelta(hours=2), NOON
        )
        order = [("origin", "ascending"), ("wind", "ascending")]
        pulled.append(rows.to_arrow().select(["origin", "wind"]).sort_by(order).to_pylist())
    assert pulled[0] == pulled[1]
