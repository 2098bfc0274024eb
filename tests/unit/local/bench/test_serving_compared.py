import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local.bench import own_model, serving_compared


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """Answer POST /echo with its body and everything else with 404, on connections that stay open."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200 if self.path == "/echo" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_client_posts_over_its_own_connection(server: ThreadingHTTPServer) -> None:
    calls = serving_compared._posting(f"127.0.0.1:{server.server_port}", "/echo", b"{}", 2)
    assert len(calls) == 2
    assert [call() for call in calls * 2] == [b"{}"] * 4


def test_an_answer_that_is_no_success_ends_the_measurement(server: ThreadingHTTPServer) -> None:
    [call] = serving_compared._posting(f"127.0.0.1:{server.server_port}", "/other", b"no such path", 1)
    with pytest.raises(ConnectionError, match="/other answers 404: b'no such path'"):
        call()


def test_bare_onnxruntime_scores_the_row(tmp_path: Path) -> None:
    calls = serving_compared._running(own_model.write(tmp_path, 1), 2)
    golden = json.loads((tmp_path / "golden.json").read_text())
    for call in calls:
        [[score]] = call()
        assert score == pytest.approx(golden["scores"][0], abs=1e-5)


def test_ways_take_turns_and_their_rounds_are_taken_together() -> None:
    order = []

    def way(name: str) -> list[float]:
        order.append(name)
        return [1.0] * 10

    result = serving_compared._in_turns({"a": lambda _: way("a"), "b": lambda _: way("b")})
    assert order == ["a", "b"] * 2 * serving_compared.ROUNDS
    rate = 10 / serving_compared.SECONDS
    assert result["a"]["8"] == {"p50_ms": 1.0, "p95_ms": 1.0, "p99_ms": 1.0, "requests_per_second": rate}


def test_both_servers_are_asked_with_the_same_row() -> None:
    [features] = json.loads(serving_compared._v2_request())["inputs"]
    [row] = json.loads(serving_compared._mlflow_request())["inputs"]
    assert features["data"] == row
    assert features["shape"] == [1, own_model.COLUMNS]
