"""What the online store's file holds after each materialisation, and that it never goes back in time."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.feast.hooks.feast import FeastHook

pytestmark = pytest.mark.integration

START = datetime(2013, 9, 1, tzinfo=UTC)
PROJECT = "flight_delays"


@pytest.fixture
def hook(lake: Any, definitions: Path) -> FeastHook:
    hook = FeastHook()
    hook.apply(definitions, PROJECT)
    return hook


def stored(settings: dict[str, str]) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(settings["online_store"])) as database:
        (table,) = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()
        return database.execute(f'SELECT * FROM "{table}" ORDER BY entity_key, feature_name').fetchall()  # noqa: S608


def test_every_key_has_one_row_for_each_feature(hook: FeastHook, feast_settings: dict[str, str]) -> None:
    hook.materialize(PROJECT, None, START, START + timedelta(hours=10))
    rows = stored(feast_settings)
    assert len(rows) == 10 * 2
    assert len({row[:2] for row in rows}) == len(rows)


def test_the_same_interval_again_changes_nothing(hook: FeastHook, feast_settings: dict[str, str]) -> None:
    hook.materialize(PROJECT, None, START, START + timedelta(hours=10))
    before = stored(feast_settings)
    hook.materialize(PROJECT, None, START, START + timedelta(hours=10))
    assert stored(feast_settings) == before


def test_an_older_value_is_left_out_and_a_newer_one_replaces(
    hook: FeastHook, lake: Any, feast_settings: dict[str, str]
) -> None:
    import pyarrow as pa

    hook.materialize(PROJECT, None, START, START + timedelta(hours=2))
    before = stored(feast_settings)
    table = lake.load_table("flight_delays.features")
    flight = {"flight_id": 1, "carrier": 4, "late": True}
    moves = {START - timedelta(days=1): 111.0, START + timedelta(days=9): 222.0}
    rows = [flight | {"event_timestamp": moment, "distance": distance} for moment, distance in moves.items()]
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    hook.materialize(PROJECT, None, START - timedelta(days=2), START)
    assert stored(feast_settings) == before
    hook.materialize(PROJECT, None, START + timedelta(days=8), START + timedelta(days=10))
    served = hook.online_features(PROJECT, PROJECT, [{"flight_id": 1}])
    assert served == [{"flight_id": 1, "distance": 222.0, "carrier": 4}]


def test_feast_serves_values_within_the_ttl_only(hook: FeastHook, lake: Any, definitions: Path) -> None:
    import pyarrow as pa

    definitions.write_text(definitions.read_text().replace("days=36500", "hours=1"))
    hook.apply(definitions, PROJECT)
    now = datetime.now(UTC)
    table = lake.load_table("flight_delays.features")
    ages = {1000: timedelta(minutes=59), 1001: timedelta(minutes=61)}
    rows = [
        {"flight_id": key, "carrier": 4, "late": True, "event_timestamp": now - age, "distance": 1.0}
        for key, age in ages.items()
    ]
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    hook.materialize(PROJECT, None, now - timedelta(hours=2), now)
    assert hook.online_features(PROJECT, PROJECT, [{"flight_id": key} for key in ages]) == [
        {"flight_id": 1000, "distance": 1.0, "carrier": 4},
        {"flight_id": 1001, "distance": None, "carrier": None},
    ]


def test_event_times_are_unix_seconds_wherever_the_machine_is(
    hook: FeastHook, feast_settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        hook.materialize(PROJECT, None, START, START + timedelta(hours=1))
        with closing(sqlite3.connect(feast_settings["online_store"])) as database:
            times = set(database.execute("SELECT event_ts FROM flight_delays_flights"))
        assert times == {(int(START.timestamp()),)}
        store = hook.store(PROJECT)
        view = store.get_feature_view("flights")
        [(event, _)] = store._get_provider().online_read(store.config, view, [key_of(0)])
        assert event == START
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_reader_sees_the_last_commit_and_holds_no_writer_up(hook: FeastHook, feast_settings: dict[str, str]) -> None:
    hook.materialize(PROJECT, None, START, START + timedelta(hours=1))
    with closing(sqlite3.connect(feast_settings["online_store"], isolation_level=None)) as reader:
        reader.execute("BEGIN")
        count = "SELECT count(*) FROM flight_delays_flights"
        assert reader.execute(count).fetchone() == (2,)
        hook.materialize(PROJECT, None, START, START + timedelta(hours=10))
        assert reader.execute(count).fetchone() == (2,)
        reader.execute("COMMIT")
        assert reader.execute(count).fetchone() == (20,)


def key_of(flight_id: int) -> Any:
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

    return EntityKey(join_keys=["flight_id"], entity_values=[Value(int64_val=flight_id)])
