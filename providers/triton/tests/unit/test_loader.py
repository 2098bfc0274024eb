import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shamal.providers.triton.loader import Loader
from shamal.providers.triton.router.route import Route


@pytest.fixture
def triton():
    """Serve the repository API of a Triton; `loaded` are its models, `asked` what it was told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            what = self.path.removeprefix("/v2/repository/")
            status, answer = 200, ""
            if what == "index":
                answer = json.dumps([{"name": name, "state": "READY"} for name in sorted(server.loaded)])
            else:
                _, name, verb = what.split("/")
                server.asked.append(f"{verb} {name}")
                if name in server.broken:
                    status = 400
                elif verb == "load":
                    server.loaded.add(name)
                else:
                    server.loaded.discard(name)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_):
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.loaded, server.asked, server.broken = set(), [], set()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def loader(tmp_path, triton):
    return Loader(tmp_path, "churn", f"http://127.0.0.1:{triton.server_port}")


@pytest.fixture
def repository(tmp_path):
    def write(route=None, versions=()):
        for version in versions:
            (tmp_path / f"churn__v{version}").mkdir()
        if route:
            (tmp_path / "churn").mkdir(exist_ok=True)
            (tmp_path / "churn" / "router.json").write_text(route.to_json())

    return write


def test_a_new_replica_loads_the_versions_of_the_route_and_the_router_last(loader, triton, repository):
    repository(Route(3, 2, {3: 1.0}, generation=7), versions=[1, 2, 3])
    loader.step()
    assert triton.asked == ["load churn__v2", "load churn__v3", "load churn"]
    loader.step()
    assert len(triton.asked) == 3, "what is loaded stays"


def test_before_the_first_route_nothing_is_touched(loader, triton, repository):
    repository(versions=[1])
    triton.loaded.add("churn__v1")
    loader.step()
    assert triton.asked == []


def test_a_deployed_candidate_is_loaded_before_it_is_routed(loader, triton, repository):
    repository(Route(1, None, {1: 1.0}, generation=1), versions=[1, 2])
    loader.step()
    assert "load churn__v2" in triton.asked


def test_a_version_that_was_rolled_back_is_not_loaded_again(loader, triton, repository):
    repository(Route(1, None, {1: 1.0}, rolled_back=2, generation=3), versions=[1, 2])
    loader.step()
    assert triton.asked == ["load churn__v1", "load churn"]


def test_what_the_route_left_behind_is_unloaded_once_it_has_changed(loader, triton, repository):
    repository(Route(2, 1, {2: 1.0}, generation=1), versions=[1, 2, 3])
    triton.loaded |= {"other", "churn_b__v1"}
    loader.step()
    loader.step()
    assert not [each for each in triton.asked if each.startswith("unload")]
    repository(Route(3, 2, {3: 1.0}, generation=2))
    loader.step()
    assert triton.loaded == {"churn__v2", "churn__v3", "churn", "other", "churn_b__v1"}


def test_a_version_that_cannot_be_loaded_is_reported(loader, triton, repository):
    repository(Route(1, None, {1: 1.0}, generation=1), versions=[1])
    triton.broken.add("churn__v1")
    with pytest.raises(OSError, match="400"):
        loader.step()


def test_a_broken_route_is_reported_and_changes_nothing(loader, triton, repository, tmp_path):
    repository(Route(1, None, {1: 1.0}, generation=1), versions=[1])
    (tmp_path / "churn" / "router.json").write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        loader.step()
    assert triton.asked == []
