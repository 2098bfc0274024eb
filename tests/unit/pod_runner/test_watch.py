import asyncio
import json

from local.pod_runner import watch
from local.pod_runner.selectors import label_matcher
from local.pod_runner.store import Store


def follow(store, since, selector="", during=lambda: None):
    async def collect():
        seen = []
        asyncio.get_running_loop().call_later(0.05, during)
        async for line in watch.stream(store, "pods", label_matcher(selector), since, 0.2):
            event = json.loads(line)
            seen.append((event["type"], event["object"].get("metadata", {}).get("name")))
        return seen

    return asyncio.run(collect())


def test_a_watch_begins_with_what_there_is_and_follows(tmp_path, pod):
    store = Store(tmp_path)
    kept = store.put_pod(pod("a"))
    seen = follow(store, 0, during=lambda: (store.put_pod(pod("b")), store.remove_pod(kept)))
    assert seen == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]


def test_a_watch_goes_on_from_a_version(tmp_path, pod):
    store = Store(tmp_path)
    version = int(store.put_pod(pod("a"))["metadata"]["resourceVersion"])
    store.put_pod(pod("b"))
    assert follow(store, version) == [("ADDED", "b")]


def test_an_object_enters_and_leaves_a_selection(tmp_path, pod):
    store = Store(tmp_path)
    for labels in ({}, {"a": "1"}, {"a": "1", "b": "2"}, {}):
        store.put_pod(pod("x", metadata={"labels": labels}))
    assert follow(store, 1, "a") == [("ADDED", "x"), ("MODIFIED", "x"), ("DELETED", "x")]


def test_a_version_from_before_the_start_gives_an_error_event(tmp_path, pod):
    Store(tmp_path).put_pod(pod("a"))
    assert follow(Store(tmp_path), 1)[0][0] == "ERROR"
