import time

import pytest

from local.pod_runner import process
from local.pod_runner.node import Node, local_gpus
from local.pod_runner.store import Store


@pytest.fixture
def started(monkeypatch):
    """Replace the start of processes; collect what would have been started."""
    plans = []

    class Shim:
        def poll(self):
            return None

    monkeypatch.setattr(process, "start", lambda folder, plan: plans.append(plan) or Shim())
    return plans


@pytest.fixture
def images(tmp_path):
    file = tmp_path / "pod_images.yaml"
    file.write_text("shamal/train:0.1.0: {environment: .venv}\n")
    return file


def only(store):
    (found,) = store.items("pods")
    return found


def test_a_pod_is_scheduled_and_started_once(tmp_path, pod, started, images):
    store = Store(tmp_path / "pods")
    node = Node(store, [], images)
    node.sync(store.put_pod(pod()))
    node.sync(only(store))
    assert len(started) == 1
    assert only(store)["spec"]["nodeName"] == "pod-runner"
    assert [event["reason"] for event in store.items("events")] == ["Scheduled", "Pulled", "Created"]


def test_gpus_are_given_to_one_pod_at_a_time(tmp_path, pod, started, images):
    store = Store(tmp_path / "pods")
    node = Node(store, [0, 1, 2], images)
    two = {"resources": {"limits": {"nvidia.com/gpu": "2"}}}
    node.sync(store.put_pod(pod("a", **two)))
    node.sync(store.put_pod(pod("b", **two)))
    node.sync(store.put_pod(pod("c")))
    assert [plan["env"]["CUDA_VISIBLE_DEVICES"] for plan in started] == ["0,1", ""]
    assert store.pod("shamal", "b")["status"]["conditions"][0]["reason"] == "Unschedulable"
    ended = store.pod("shamal", "a")
    store.put_pod(ended | {"status": ended["status"] | {"phase": "Succeeded"}})
    node._retry_at.clear()
    node.sync(store.pod("shamal", "b"))
    assert started[-1]["env"]["CUDA_VISIBLE_DEVICES"] == "0,1"


def test_an_unknown_image_waits_until_it_becomes_known(tmp_path, pod, started, images):
    store = Store(tmp_path / "pods")
    node = Node(store, [], images)
    node.sync(store.put_pod(pod(image="new:1")))
    for reason in ("ErrImagePull", "ImagePullBackOff"):
        assert only(store)["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == reason
        node._retry_at.clear()
        node.sync(only(store))
    images.write_text("new:1: {environment: .venv}\n")
    node._retry_at.clear()
    node.sync(only(store))
    assert len(started) == 1


def test_a_supervisor_that_dies_before_it_starts_fails_the_pod(tmp_path, pod, started, images):
    store = Store(tmp_path / "pods")
    node = Node(store, [], images)
    node.sync(store.put_pod(pod()))
    node._shims["uid-of-a"].poll = lambda: 1
    node.sync(only(store))
    state = only(store)["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (state["reason"], state["exitCode"]) == ("StartError", 128)
    assert "shim.log" in state["message"]


def test_a_pod_deleted_before_it_started_just_goes(tmp_path, pod, started, images):
    store = Store(tmp_path / "pods")
    Node(store, [], images).sync(store.put_pod(pod(metadata={"deletionTimestamp": "now"})))
    assert store.items("pods") == started == []


def test_a_retry_waits(tmp_path, pod, started, images):
    store = Store(tmp_path / "pods")
    node = Node(store, [], images)
    node.sync(store.put_pod(pod(image="none:1")))
    version = store.version
    node.sync(only(store))
    assert store.version == version
    assert node._retry_at["uid-of-a"] > time.monotonic()


def test_devices_are_counted():
    assert local_gpus() == sorted(local_gpus())
