"""How pods end, wait and survive, with real processes."""

import os
import signal
import time
from typing import Any

import psutil
import pytest
from kubernetes.client.exceptions import ApiException  # noqa: TID253 - what these tests are about

pytestmark = pytest.mark.integration
NAMESPACE = "shamal"


def terminated(pod: Any) -> tuple[str, int]:
    state = pod.status.container_statuses[0].state.terminated
    return state.reason, state.exit_code


def is_gone(api: Any, name: str) -> bool:
    try:
        api.read_namespaced_pod(name, NAMESPACE)
    except ApiException as error:
        return bool(error.status == 404)
    return False


def test_memory_over_its_limit_ends_the_pod_with_oom_killed(create, wait_for):
    greedy = (
        "import time\nx = []\nfor _ in range(60): x.append(bytearray(10_000_000)); time.sleep(0.05)\ntime.sleep(30)"
    )
    create("oom", command=["python", "-c", greedy], resources={"limits": {"memory": "100Mi"}})
    pod = wait_for("oom", "Failed", seconds=30)
    assert terminated(pod) == ("OOMKilled", 137)


def test_memory_shared_by_forks_counts_once(create, wait_for):
    forks = (
        "import os, time\nx = bytearray(60_000_000)\n"
        "for _ in range(4):\n    if not os.fork(): time.sleep(1.5); os._exit(0)\n"
        "for _ in range(4): os.wait()"
    )
    create("forks", command=["python", "-c", forks], resources={"limits": {"memory": "150Mi"}})
    assert wait_for("forks", "Succeeded", "Failed").status.phase == "Succeeded"


def test_a_pod_past_its_deadline_fails(create, wait_for):
    create("late", spec={"activeDeadlineSeconds": 1})
    assert wait_for("late", "Failed").status.reason == "DeadlineExceeded"


def test_kill_9_of_the_process_gives_137(create, wait_for, runner):
    create("killed", "exec sleep 60")
    wait_for("killed", "Running")
    os.kill(runner.state("killed")["pid"], signal.SIGKILL)
    assert terminated(wait_for("killed", "Failed")) == ("Error", 137)


def test_kill_9_of_the_supervisor_ends_its_pod_too(create, wait_for, wait_until, runner):
    create("lost", "exec sleep 60")
    wait_for("lost", "Running")
    process = psutil.Process(runner.state("lost")["pid"])
    process.parent().kill()
    assert terminated(wait_for("lost", "Failed")) == ("ContainerStatusUnknown", 137)
    wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_delete_lets_a_pod_end_itself_within_its_grace(api, create, wait_for, wait_until, runner):
    marker = runner.root / "ended-by-itself"
    create("graceful", f"trap 'sleep 0.3; touch {marker}; exit 0' TERM; while :; do sleep 0.1; done")
    wait_for("graceful", "Running")
    deleted = api.delete_namespaced_pod("graceful", NAMESPACE, grace_period_seconds=10)
    assert deleted.metadata.deletion_timestamp
    assert deleted.metadata.deletion_grace_period_seconds == 10
    wait_until(lambda: is_gone(api, "graceful"), 5)
    assert marker.exists()
    assert not (runner.root / NAMESPACE / "graceful").exists()


def test_delete_kills_what_ignores_its_grace_and_its_orphans(api, create, wait_for, wait_until):
    create("stubborn", "trap '' TERM; setsid sleep 4321 & while :; do sleep 0.1; done")
    wait_for("stubborn", "Running")
    asked = time.monotonic()
    api.delete_namespaced_pod("stubborn", NAMESPACE, grace_period_seconds=1)
    wait_until(lambda: is_gone(api, "stubborn"), 8)
    assert time.monotonic() - asked >= 1
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "4321"]]


def test_what_a_finished_pod_left_behind_ends_with_it(create, wait_for):
    create("orphan", "setsid sleep 8765 & exit 0")
    wait_for("orphan", "Succeeded")
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "8765"]]


def test_a_gpu_that_is_not_there_leaves_the_pod_pending(api, create, wait_until):
    # More than any one machine has, so that the test asks the same everywhere.
    create("gpu", resources={"limits": {"nvidia.com/gpu": "64"}})

    def failed_scheduling() -> Any:
        events = api.list_namespaced_event(NAMESPACE, field_selector="involvedObject.name=gpu").items
        return [event for event in events if event.reason == "FailedScheduling"]

    assert "0/1 nodes are available: 1 Insufficient nvidia.com/gpu" in wait_until(failed_scheduling)[0].message
    pod = api.read_namespaced_pod("gpu", NAMESPACE)
    assert pod.status.phase == "Pending"
    assert pod.status.conditions[0].reason == "Unschedulable"
    with pytest.raises(ApiException) as caught:
        api.read_namespaced_pod_log("gpu", NAMESPACE)
    assert caught.value.status == 400
    api.delete_namespaced_pod("gpu", NAMESPACE)
    assert is_gone(api, "gpu")


def test_an_unknown_image_is_not_pulled_and_the_known_ones_are_named(api, create, wait_until):
    create("image", image="elsewhere/none:1")

    def waiting() -> Any:
        statuses = api.read_namespaced_pod("image", NAMESPACE).status.container_statuses
        return statuses and statuses[0].state.waiting

    first = wait_until(lambda: (w := waiting()) and w.reason == "ErrImagePull" and w)
    assert "shamal/train:0.1.0" in first.message
    assert wait_until(lambda: waiting().reason == "ImagePullBackOff")
    events = api.list_namespaced_event(NAMESPACE, field_selector="involvedObject.name=image").items
    assert {"Scheduled", "Failed", "BackOff"} == {event.reason for event in events}


def test_pods_outlive_the_runner_and_versions_go_on(read_log, create, wait_for, runner):
    go_on = runner.root / "go-on"
    create("survivor", f"echo before; while [ ! -e {go_on} ]; do sleep 0.1; done; echo after")
    create("ended-meanwhile", "sleep 1; exit 5")
    version = int(wait_for("survivor", "Running").metadata.resource_version)
    wait_for("ended-meanwhile", "Running")
    pid = runner.state("survivor")["pid"]
    for number in (signal.SIGTERM, signal.SIGKILL):
        runner.stop(number)
        assert psutil.pid_exists(pid)
        time.sleep(0.5)
        runner.start()
    assert terminated(wait_for("ended-meanwhile", "Failed")) == ("Error", 5)
    go_on.touch()
    pod = wait_for("survivor", "Succeeded")
    assert int(pod.metadata.resource_version) > version
    assert runner.state("survivor")["pid"] == pid
    assert read_log("survivor") == "before\nafter\n"


def test_stop_pods_ends_all_of_them_without_a_runner(create, wait_for, runner):
    create("stopped", "trap 'exit 7' TERM; while :; do sleep 0.1; done")
    wait_for("stopped", "Running")
    pid = runner.state("stopped")["pid"]
    runner.stop()
    assert "pods ended: 1" in runner.stop_pods()
    assert not psutil.pid_exists(pid)
    runner.start()
    assert terminated(wait_for("stopped", "Failed")) == ("Error", 7)
