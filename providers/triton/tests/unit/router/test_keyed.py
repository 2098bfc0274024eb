"""A store laid out as Feast does it, by hand; tests/integration/test_keyed_inference.py compares with Feast itself."""

import json
import math
import sqlite3
import struct
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from shamal.providers.triton.router import keyed
from shamal.providers.triton.router.keyed import Document, KeysRefused, OnlineFeatures, StoreUnavailable

EVENT = 1_378_000_000
AT = EVENT + 60.0
CREATE = (
    'CREATE TABLE "p_{}" (entity_key BLOB, feature_name TEXT, value BLOB, event_ts timestamp, '
    "PRIMARY KEY(entity_key, feature_name))"
)


def double(value):
    return b"\x29" + struct.pack("<d", value)


def int32(value):
    return b"\x18" + bytes([value])


def key(**values):
    return keyed.entity_key({name: ("STRING", value) for name, value in sorted(values.items())})


def write(store, view, **rows):
    """Write `{key: {feature: (value, event time)}}` of a view keyed by one string `id`."""
    with closing(sqlite3.connect(store)) as database, database:
        database.execute("PRAGMA journal_mode = WAL")
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (f"p_{view}",)).fetchone():
            database.execute(CREATE.format(view))
        database.executemany(
            f'INSERT OR REPLACE INTO "p_{view}" VALUES (?, ?, ?, ?)',  # noqa: S608
            [
                (key(id=entity), feature, value, event)
                for entity, features in rows.items()
                for feature, (value, event) in features.items()
            ],
        )


@pytest.fixture
def document(tmp_path):
    return {
        "store": str(tmp_path / "online.db"),
        "keys": ["id"],
        "on_missing": "refuse",
        "views": {"trips": {"table": "p_trips", "ttl_seconds": 3600, "keys": {"id": "STRING"}}},
        "columns": [
            {"name": "distance", "view": "trips", "missing": None},
            {"name": "carrier", "view": "trips", "missing": 0},
        ],
    }


@pytest.fixture
def serve(tmp_path, document):
    """Write the version's document with changes; return a reader of its own."""

    def serve(**changes):
        folder = tmp_path / "churn__v1"
        folder.mkdir(exist_ok=True)
        (folder / "features.json").write_text(json.dumps(document | changes))
        return OnlineFeatures(tmp_path / "churn")

    return serve


@pytest.fixture
def store(document):
    write(
        document["store"],
        "trips",
        a={"distance": (double(1.5), EVENT), "carrier": (int32(3), EVENT)},
        nulls={"distance": (b"", EVENT), "carrier": (b"", EVENT)},
        half={"carrier": (int32(3), EVENT)},
    )
    return Path(document["store"])


def test_the_matrix_has_the_documents_columns_in_order(store, serve):
    found = serve().lookup(1, ["a", "nulls"], [AT, AT])
    assert found.matrix.dtype == np.float32
    np.testing.assert_array_equal(found.matrix, np.array([[1.5, 3], [math.nan, 0]], np.float32))
    assert found.ages.tolist() == [60, 60]
    assert found.statuses == ["ok", "ok"], "a value known to be missing is the ingestion's answer, not a missing row"


def test_a_row_without_its_features_is_refused_with_the_key_named(store, serve):
    with pytest.raises(KeysRefused, match=r"1 of 2 keys are not there: 'nobody' missing; send the input features"):
        serve().lookup(1, ["a", "nobody"], [AT, AT])


@pytest.mark.parametrize(
    ("entity", "at", "row", "age", "status"),
    [
        ("a", EVENT + 3600, [1.5, 3], 3600, "ok"),
        ("a", EVENT + 3601, [math.nan, 0], 3601, "expired"),
        ("a", EVENT - 1, [math.nan, 0], -1, "newer"),
        ("nobody", AT, [math.nan, 0], math.nan, "missing"),
        ("half", AT, [math.nan, 3], 60, "missing"),
        ("", AT, [math.nan, 0], math.nan, "missing"),
        ("a'; DROP TABLE p_trips; --", AT, [math.nan, 0], math.nan, "missing"),
    ],
)
def test_imputed_rows_say_what_they_lack(store, serve, entity, at, row, age, status):
    found = serve(on_missing="impute").lookup(1, [entity], [at])
    np.testing.assert_array_equal(found.matrix, np.array([row], np.float32))
    np.testing.assert_array_equal(found.ages, np.array([age], np.float32))
    assert found.statuses == [status]


def test_without_a_time_the_age_counts_until_now_and_a_clock_that_is_behind_is_forgiven(document, serve):
    now = int(time.time())
    ahead = {"distance": (double(1), now + 5), "carrier": (int32(1), now + 5)}
    write(document["store"], "trips", old={"distance": (double(1), EVENT), "carrier": (int32(1), EVENT)}, ahead=ahead)
    assert serve(on_missing="impute").lookup(1, ["old", "ahead"]).statuses == ["expired", "ok"]


def test_a_value_that_never_expires_is_served_at_any_age(store, serve, document):
    trips = document["views"]["trips"] | {"ttl_seconds": None}
    assert serve(views={"trips": trips}).lookup(1, ["a"]).statuses == ["ok"]


def test_each_view_is_asked_for_its_own_keys_and_the_worst_status_counts(store, serve, document):
    airports = keyed.entity_key({"airport": ("INT64", 7), "id": ("STRING", "a")})
    with closing(sqlite3.connect(store)) as database, database:
        database.execute(CREATE.format("airports"))
        database.execute("INSERT INTO p_airports VALUES (?, 'delay', ?, ?)", (airports, double(9), EVENT - 40))
    views = document["views"] | {
        "airports": {"table": "p_airports", "ttl_seconds": 100, "keys": {"id": "STRING", "airport": "INT64"}}
    }
    columns = [{"name": "delay", "view": "airports", "missing": None}, *document["columns"]]
    online = serve(views=views, columns=columns, keys=["airport", "id"], on_missing="impute")
    found = online.lookup(1, ["7/a", "7/a", "8/a"], [AT, AT + 1, AT])
    np.testing.assert_array_equal(found.matrix, np.array([[9, 1.5, 3], [math.nan, 1.5, 3], [math.nan, 1.5, 3]]))
    assert found.ages.tolist() == [100, 101, 60]
    assert found.statuses == ["ok", "expired", "missing"]
    for wrong in ("a", "7/a/b", "x/a", f"{2**63}/a"):
        with pytest.raises(KeysRefused, match="entity_id"):
            online.lookup(1, [wrong], [AT])


def test_one_key_may_hold_slashes(document, serve):
    write(document["store"], "trips", **{"x/1": {"distance": (double(2), EVENT), "carrier": (int32(1), EVENT)}})
    assert serve().lookup(1, ["x/1"], [AT]).matrix.tolist() == [[2, 1]]


def test_too_many_keys_are_refused_before_the_store_is_read(serve):
    with pytest.raises(KeysRefused, match="1001 entity_ids in one request; send at most 1,000"):
        serve().lookup(1, ["a"] * 1001)


def test_a_version_without_a_document_takes_no_keys(tmp_path):
    with pytest.raises(KeysRefused, match="churn version 2 takes no keys without features; send the input features"):
        OnlineFeatures(tmp_path / "churn").lookup(2, ["a"])


def test_a_store_that_is_away_broken_or_without_the_table_is_named(store, serve, document):
    for path, content, message in (
        (store.with_name("none.db"), None, "No such file"),
        (store.with_name("text.db"), "no database, but long enough to be taken for one" * 20, "not a database"),
        (store.with_name("empty.db"), "", "no such table: p_trips"),
    ):
        if content is not None:
            path.write_text(content)
        with pytest.raises(StoreUnavailable, match=rf"online store .*{path.name}: .*{message}.*materialise"):
            serve(store=str(path)).lookup(1, ["a"], [AT])


def test_values_of_another_type_or_cut_short_are_named(store, serve, document):
    for value in (b"\x12\x01x", b"\x29\x00"):
        write(store, "trips", a={"distance": (value, EVENT)})
        with pytest.raises(StoreUnavailable):
            serve().lookup(1, ["a"], [AT])


def test_a_store_that_is_replaced_is_read_anew(store, serve, document, tmp_path):
    online = serve()
    assert online.lookup(1, ["a"], [AT]).matrix[0, 0] == 1.5
    other = tmp_path / "other.db"
    write(other, "trips", a={"distance": (double(7), EVENT), "carrier": (int32(3), EVENT)})
    other.replace(store)
    assert online.lookup(1, ["a"], [AT]).matrix[0, 0] == 7
    store.unlink()
    with pytest.raises(StoreUnavailable, match="No such file"):
        online.lookup(1, ["a"], [AT])


def test_a_locked_store_is_reported_at_once_and_read_again_afterwards(store, serve):
    online = serve()
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM p_trips")
        assert online.lookup(1, ["a"], [AT]).statuses == ["ok"], "a writer keeps no reader waiting"
        other.execute("ROLLBACK")
    online.close()
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("DELETE FROM p_trips WHERE 0")
        other.execute("SELECT * FROM p_trips").fetchall()
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="locked"):
            online.lookup(1, ["a"], [AT])
        assert time.monotonic() - began < 1
    assert online.lookup(1, ["a"], [AT]).statuses == ["ok"]


def test_a_reader_beside_a_busy_writer_sees_whole_rows_only(store, serve):
    stop = threading.Event()

    def rewrite():
        value = 0
        while not stop.is_set():
            value = (value + 1) % 100
            write(store, "trips", a={"distance": (double(value), EVENT), "carrier": (int32(value), EVENT)})

    online = serve()
    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        rows = [online.lookup(1, ["a"], [AT]).matrix[0].tolist() for _ in range(2000)]
    finally:
        stop.set()
        writer.join()
    assert len({tuple(row) for row in rows}) > 1
    assert all(distance == carrier or (distance, carrier) == (1.5, 3) for distance, carrier in rows)


def test_a_new_document_counts_after_a_moment(store, serve, monkeypatch):
    online = serve()
    with pytest.raises(KeysRefused):
        online.lookup(1, ["nobody"], [AT])
    serve(on_missing="impute")
    monkeypatch.setattr(keyed, "READ_EVERY_SECONDS", 0)
    assert online.lookup(1, ["nobody"], [AT]).statuses == ["missing"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"on_missing": "ignore"}, "on_missing 'ignore' is neither refuse nor impute"),
        ({"columns": []}, "each column needs a name of its own and one of the views"),
        ({"columns": [{"name": "distance", "view": "other", "missing": None}]}, "one of the views"),
        ({"columns": [{"name": "distance", "view": "trips", "missing": None}] * 2}, "a name of its own"),
        ({"views": {"trips": {"table": "t", "ttl_seconds": 1, "keys": {"id": "FLOAT"}}}}, "STRING | INT32 | INT64"),
        ({"keys": ["other"]}, "keys .* are not {one of"),
        ({"views": None}, "not a description of features"),
    ],
)
def test_a_wrong_document_is_refused(document, changes, message):
    with pytest.raises(ValueError, match=message.replace("|", r"\|")):
        Document.from_json(json.dumps(document | changes))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", None),
        (b"\x18\x00", 0),
        (b"\x18\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01", -3),
        (b" \xac\x02", 300),
        (b")\x00\x00\x00\x00\x00\x00\xf8?", 1.5),
        (b"5\x00\x00\xc0?", 1.5),
        (b"8\x01", 1),
    ],
)
def test_numbers_are_read_from_protobuf(value, expected):
    assert keyed.number(value) == expected
