import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from include.model_spec import load_model
from local.demo.plan import EVALUATED, KEY
from local.demo.predictions import ask_rest, flights_of

MODEL = load_model("flight_delays")
MARCH = datetime(2013, 3, 1, tzinfo=UTC)


def flight(number: int, at: datetime, late: bool | None = True) -> dict[str, Any]:
    return {KEY: f"UA{number}", "event_timestamp": at, MODEL.label: late}


@pytest.fixture
def lake(tmp_path: Path) -> dict[str, str]:
    """Publish 20 flights of March, one of them without a label, and one on each side of the month."""
    import pyarrow as pa
    from pyiceberg.catalog import load_catalog

    from local.lake import CATALOG

    days = [flight(n, MARCH + timedelta(days=n)) for n in range(19)]
    days += [
        flight(19, MARCH, late=None),
        flight(20, MARCH - timedelta(seconds=1)),
        flight(21, MARCH + timedelta(days=31)),
    ]
    schema = {KEY: pa.string(), "event_timestamp": pa.timestamp("us", "UTC"), MODEL.label: pa.bool_()}
    rows = pa.Table.from_pylist(days, pa.schema(schema))
    catalog = load_catalog(
        CATALOG, type="sql", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}/warehouse"
    )
    catalog.create_namespace(MODEL.name)
    catalog.create_table(MODEL.published_table, schema=rows.schema).append(rows)
    return {"SHAMAL_LAKE": str(tmp_path)}


def test_flights_of_the_month_whose_truth_is_known_are_taken_and_always_the_same(lake: dict[str, str]) -> None:
    every = flights_of(lake, MODEL, EVALUATED, limit=100)
    assert {row[KEY] for row in every} == {f"UA{n}" for n in range(19)}
    assert flights_of(lake, MODEL, EVALUATED, limit=3) == every[:3]


class Triton(BaseHTTPRequestHandler):
    """Answers every request with one score per row, and keeps what was asked."""

    asked: list[tuple[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, body))
        count = body["inputs"][0]["shape"][0]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"outputs": [{"name": "score", "data": [0.5] * count}]}).encode())

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def asked() -> list[tuple[str, Any]]:
    return []


@pytest.fixture
def triton(asked: list[tuple[str, Any]]) -> Iterator[dict[str, str]]:
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (Triton,), {"asked": asked}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield {"SHAMAL_TRITON_HTTP_PORT": str(server.server_port)}
    server.shutdown()
    server.server_close()


def test_one_rest_request_carries_matrix_keys_and_times(triton: dict[str, str], asked: list[Any]) -> None:
    columns = MODEL.features.columns
    flights = [flight(n, MARCH) | dict.fromkeys(columns, n) for n in (1, 2)]
    assert ask_rest(triton, MODEL, flights) == {"score": [0.5, 0.5]}
    ((path, body),) = asked
    features, keys, times = body["inputs"]
    assert path == "/v2/models/flight_delays/infer"
    assert features["shape"] == [2, len(columns)]
    assert features["data"] == [[1.0] * len(columns), [2.0] * len(columns)]
    assert keys["data"] == ["UA1", "UA2"]
    assert times["data"] == [1362096000000000] * 2
