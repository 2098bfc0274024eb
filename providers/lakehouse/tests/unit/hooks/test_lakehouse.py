"""What the contract test does not: settings, and a catalog that does not answer."""

import json
from pathlib import Path

import pytest

from shamal.providers.lakehouse.errors import LakehouseUnavailable, SnapshotMissing, TableMissing
from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook, parse_version


def test_a_catalog_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"catalog_type": "rest", "catalog_uri": "http://127.0.0.1:9", "warehouse": "w", "staging": "/s"}
    monkeypatch.setenv("AIRFLOW_CONN_DOWN", json.dumps({"conn_type": "shamal_lakehouse", "extra": extra}))
    with pytest.raises(LakehouseUnavailable, match=r"'down' at http://127\.0\.0\.1:9 does not answer"):
        LakehouseHook("down").snapshot_id("m.t")


def test_a_similar_table_is_suggested(lake: Path) -> None:
    hook = LakehouseHook()
    hook.catalog.create_namespace("flight_delays")
    with pytest.raises(TableMissing, match="known are: none"):
        hook.table("flight_delays.flights")


def test_versions() -> None:
    assert parse_version("m.t") == ("m.t", None)
    assert parse_version("m.t@12") == ("m.t", 12)
    with pytest.raises(SnapshotMissing, match="yesterday"):
        parse_version("m.t@yesterday")
