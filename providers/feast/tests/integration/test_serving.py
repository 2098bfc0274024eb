"""What a router is told about the online store; that it reads the store rightly is proved with the router itself."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.feast.errors import MissingColumn, NotServableByKey, UnknownFeatureService
from shamal.providers.feast.hooks.feast import FeastHook

pytestmark = pytest.mark.integration

START = datetime(2013, 9, 1, tzinfo=UTC)
PROJECT = "flight_delays"


@pytest.fixture
def describe(lake: Any, definitions: Path) -> Callable[..., dict[str, Any]]:
    FeastHook().apply(definitions, PROJECT)

    def describe(service: str = PROJECT, **changes: Any) -> dict[str, Any]:
        arguments = {
            "keys": ["flight_id"],
            "columns": ["distance", "carrier"],
            "categorical": {"carrier": 5},
            "on_missing": "refuse",
        }
        return FeastHook().serving_features(PROJECT, service, **arguments | changes)

    return describe


def test_the_document_says_where_each_column_lies(
    describe: Callable[..., dict[str, Any]], feast_settings: dict[str, str]
) -> None:
    described = describe(columns=["carrier", "distance"])
    assert json.loads(json.dumps(described)) == {
        "store": feast_settings["online_store"],
        "keys": ["flight_id"],
        "on_missing": "refuse",
        "views": {
            "flights": {
                "table": "flight_delays_flights",
                "ttl_seconds": 36500 * 86400,
                "keys": {"flight_id": "INT64"},
            }
        },
        "columns": [
            {"name": "carrier", "view": "flights", "missing": 0},
            {"name": "distance", "view": "flights", "missing": None},
        ],
    }
    FeastHook().materialize(PROJECT, None, START, START + timedelta(hours=3))
    with closing(sqlite3.connect(described["store"])) as store:
        assert store.execute("SELECT count(*) FROM flight_delays_flights").fetchone() == (6,)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"service": "flight_delay"}, UnknownFeatureService, "Did you mean 'flight_delays'"),
        ({"columns": ["distanc"]}, MissingColumn, "Did you mean 'distance'"),
        ({"keys": ["flight"]}, NotServableByKey, "needs the key 'flight_id'"),
    ],
)
def test_a_wrong_name_is_refused(
    describe: Callable[..., dict[str, Any]], changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        describe(**changes)


def test_what_a_router_cannot_read_is_refused(
    describe: Callable[..., dict[str, Any]], lake: Any, definitions: Path
) -> None:
    text = definitions.read_text()
    named = text.replace('Field(name="carrier", dtype=Int64)', 'Field(name="carrier", dtype=String)')
    definitions.write_text(named.replace("import Float32, Int64", "import Float32, Int64, String"))
    FeastHook().apply(definitions, PROJECT)
    with pytest.raises(NotServableByKey, match="Feature 'carrier' of view 'flights' is STRING; allowed: BOOL, DOUBLE"):
        describe()
    mapped = text.replace("features=[flights]", 'features=[flights.with_join_key_map({"flight_id": "other"})]')
    definitions.write_text(mapped)
    FeastHook().apply(definitions, PROJECT)
    with pytest.raises(NotServableByKey, match="renames the keys of view 'flights'"):
        describe()
