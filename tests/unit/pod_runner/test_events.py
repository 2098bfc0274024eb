from local.pod_runner.events import record
from local.pod_runner.store import Store


def test_the_same_event_again_raises_its_count(tmp_path, pod):
    store = Store(tmp_path)
    kept = store.put_pod(pod())
    record(store, kept, "FailedScheduling", "no GPU", "Warning")
    record(store, kept, "FailedScheduling", "no GPU", "Warning")
    record(store, kept, "Scheduled", "assigned")
    failed, scheduled = store.events_of(kept)
    assert (failed["count"], failed["type"], failed["source"]["component"]) == (2, "Warning", "default-scheduler")
    assert scheduled["involvedObject"]["uid"] == "uid-of-a"
