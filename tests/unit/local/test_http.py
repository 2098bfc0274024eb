import http.server
import threading

import pytest

from local import http as readiness
from local.server import NotReadyError


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/well" else 503)
        self.end_headers()

    def log_message(self, *_arguments):
        """Keep the test's output quiet."""


@pytest.fixture
def address():
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_server_that_is_well_is_ready(address):
    assert readiness.get(f"{address}/well").status_code == 200


def test_another_status_is_not_ready(address):
    with pytest.raises(NotReadyError, match="answers 503"):
        readiness.get(f"{address}/ill")


def test_no_server_is_not_ready():
    with pytest.raises(NotReadyError, match="does not answer: ConnectionError"):
        readiness.get("http://127.0.0.1:1/")
