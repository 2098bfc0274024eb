import json

import pytest
from starlette.testclient import TestClient

from local.pod_runner.app import create_app
from local.pod_runner.node import Node
from local.pod_runner.store import Store

PODS = "/api/v1/namespaces/shamal/pods"


@pytest.fixture
def client(tmp_path):
    """A client of a runner whose node does nothing by itself."""
    store = Store(tmp_path)
    app = create_app(store, Node(store, []), "token")
    return TestClient(app, headers={"Authorization": "Bearer token"})


def manifest(name="a", **metadata):
    container = {"name": "base", "image": "x", "command": ["true"]}
    return {"metadata": {"name": name} | metadata, "spec": {"restartPolicy": "Never", "containers": [container]}}


def test_a_created_pod_has_its_defaults(client):
    made = client.post(PODS, json=manifest(labels={"a": "1"}))
    assert made.status_code == 201
    assert made.json()["status"]["phase"] == "Pending"
    assert made.json()["spec"]["terminationGracePeriodSeconds"] == 30
    assert client.get(f"{PODS}/a/status").json() == client.get(f"{PODS}/a").json() == made.json()


def test_a_name_can_be_generated(client):
    made = manifest()
    made["metadata"] = {"generateName": "train-"}
    assert client.post(PODS, json=made).json()["metadata"]["name"].startswith("train-")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", 400),
        ("[]", 400),
        ("{}", 422),
        (json.dumps(manifest() | {"kind": "Job"}), 400),
        (json.dumps(manifest(namespace="other")), 400),
        (json.dumps(manifest() | {"spec": []}), 422),
        ("x" * 1_100_000, 413),
    ],
)
def test_a_bad_body_is_refused(client, body, code):
    answer = client.post(PODS, content=body)
    assert (answer.status_code, answer.json()["code"]) == (code, code)


@pytest.mark.parametrize("query", ["tailLines=x", "sinceSeconds=-1", "sinceTime=x", "container=y", "previous=true", ""])
def test_a_log_of_a_pod_that_has_none_or_a_bad_option_is_a_bad_request(client, query):
    client.post(PODS, json=manifest())
    assert client.get(f"{PODS}/a/log?{query}").status_code == 400


def test_a_delete_checks_its_preconditions_and_its_grace(client):
    client.post(PODS, json=manifest())
    other = client.request("DELETE", f"{PODS}/a", json={"preconditions": {"uid": "other"}})
    assert (other.status_code, other.json()["reason"]) == (409, "Conflict")
    assert client.request("DELETE", f"{PODS}/a", json={"gracePeriodSeconds": -1}).status_code == 400
    assert client.delete(f"{PODS}/a").json()["metadata"]["deletionGracePeriodSeconds"] == 30
    assert client.get(f"{PODS}/a").status_code == 404


def test_lists_are_of_one_namespace_or_all(client):
    client.post(PODS, json=manifest())
    client.post(PODS.replace("shamal", "other"), json=manifest())
    assert len(client.get(PODS).json()["items"]) == 1
    assert len(client.get("/api/v1/pods").json()["items"]) == 2
    assert client.get("/api/v1/events").json()["kind"] == "EventList"
