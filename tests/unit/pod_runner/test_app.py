import pytest
from starlette.testclient import TestClient

from local.pod_runner.app import create_app
from local.pod_runner.node import Node
from local.pod_runner.store import Store


@pytest.fixture
def client(tmp_path):
    store = Store(tmp_path)
    return TestClient(create_app(store, Node(store, []), "token"))


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer other"}, {"Authorization": "token"}])
def test_a_request_without_the_token_is_unauthorised(client, header):
    answer = client.get("/api/v1/pods", headers=header)
    assert (answer.status_code, answer.json()["reason"]) == (401, "Unauthorized")


def test_health_needs_no_token(client):
    assert client.get("/readyz").text == client.get("/livez").text == "ok"


@pytest.mark.parametrize("path", ["/version", "/api", "/apis", "/api/v1", "/api/v1/pods", "/api/v1/events"])
def test_the_token_opens_the_rest(client, path):
    assert client.get(path, headers={"Authorization": "Bearer token"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "code", "reason"),
    [
        ("GET", "/api/v1/secrets", 404, "NotFound"),
        ("PUT", "/api/v1/namespaces/a/pods/b", 405, "MethodNotAllowed"),
        ("GET", "/api/v1/namespaces/a/pods/b", 404, "NotFound"),
        ("GET", "/api/v1/namespaces/A/pods/b", 400, "BadRequest"),
        ("GET", "/api/v1/namespaces/a/pods/b/exec", 404, "NotFound"),
    ],
)
def test_a_refusal_is_a_status_object(client, method, path, code, reason):
    answer = client.request(method, path, headers={"Authorization": "Bearer token"})
    assert (answer.status_code, answer.json()["kind"], answer.json()["reason"]) == (code, "Status", reason)
