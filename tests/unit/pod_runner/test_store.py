import pytest

from local.pod_runner.errors import ApiError
from local.pod_runner.events import record
from local.pod_runner.store import Store


def test_pods_events_and_versions_outlive_the_store(tmp_path, pod):
    store = Store(tmp_path)
    first = store.put_pod(pod("a"))
    record(store, first, "Scheduled", "x")
    again = Store(tmp_path)
    assert again.pod("shamal", "a") == first
    assert again.items("events") == store.items("events")
    assert again.version == store.version
    assert int(again.put_pod(pod("b"))["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])


def test_a_removed_pod_leaves_nothing(tmp_path, pod):
    store = Store(tmp_path)
    kept = store.put_pod(pod("a"))
    record(store, kept, "Scheduled", "x")
    store.remove_pod(kept)
    assert list((tmp_path / "shamal").iterdir()) == []
    assert store.items("pods") == store.items("events") == []
    assert [change.after for change in store.changes("pods", 1)][-1] is None
    with pytest.raises(ApiError, match='pods "a" not found'):
        store.pod("shamal", "a")


def test_a_removal_that_was_cut_short_is_finished_at_the_next_start(tmp_path, pod):
    store = Store(tmp_path)
    folder = store.folder(store.put_pod(pod("a")))
    folder.rename(folder.with_name(".deleted-x"))
    assert Store(tmp_path).items("pods") == []
    assert list((tmp_path / "shamal").iterdir()) == []


def test_changes_before_this_start_are_gone(tmp_path, pod):
    Store(tmp_path).put_pod(pod("a"))
    with pytest.raises(ApiError) as caught:
        Store(tmp_path).changes("pods", 1)
    assert caught.value.code == 410
