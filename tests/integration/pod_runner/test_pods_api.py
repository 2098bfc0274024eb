"""The requests, driven by the official client."""

import json
import threading
from typing import Any

import pytest
from kubernetes import client, watch  # noqa: TID253 - what these tests are about
from kubernetes.client.exceptions import ApiException  # noqa: TID253

pytestmark = pytest.mark.integration
NAMESPACE = "shamal"


def refused(call: Any, *args: Any, **kwargs: Any) -> tuple[int, str, dict[str, Any]]:
    with pytest.raises(ApiException) as caught:
        call(*args, **kwargs)
    status = json.loads(caught.value.body)
    assert status["kind"] == "Status"
    assert status["code"] == caught.value.status
    return status["code"], status["reason"], status


def test_a_pod_runs_with_its_environment_and_nothing_of_the_runners(read_log, create, wait_for):
    env = [
        {"name": "A", "value": "a"},
        {"name": "B", "value": "$(A)b"},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]
    create("environment", "env; pwd; which python; echo to stderr >&2", env=env, workingDir="/usr")
    pod = wait_for("environment", "Succeeded")
    terminated = pod.status.container_statuses[0].state.terminated
    assert (terminated.reason, terminated.exit_code) == ("Completed", 0)
    assert terminated.finished_at >= terminated.started_at
    lines = read_log("environment").splitlines()
    assert {"A=a", "B=ab", "POD=environment", "/usr", "to stderr"} <= set(lines)
    assert any(line.endswith(".venv/bin/python") for line in lines)
    assert not [line for line in lines if "AIRFLOW" in line or "SHAMAL" in line]


def test_a_failing_command_gives_its_exit_code(create, wait_for):
    create("fails", "exit 3")
    terminated = wait_for("fails", "Failed").status.container_statuses[0].state.terminated
    assert (terminated.reason, terminated.exit_code) == ("Error", 3)


def test_a_command_that_is_not_there_gives_start_error(api, create, wait_for):
    create("no-command", command=["no-such-program"])
    terminated = wait_for("no-command", "Failed").status.container_statuses[0].state.terminated
    assert (terminated.reason, terminated.exit_code) == ("StartError", 128)
    assert "no-such-program" in terminated.message
    assert "Failed" in reasons(api, "no-command")


def test_lists_select_by_labels_and_fields(api, create, wait_for):
    create("red", "true", metadata={"labels": {"colour": "red", "dag_id": "x"}})
    create("blue", "true", metadata={"labels": {"colour": "blue", "airflow-worker": "1"}})
    wait_for("red", "Succeeded")
    wait_for("blue", "Succeeded")

    def names(**selectors: str) -> set[str]:
        assert api.list_pod_for_all_namespaces(**selectors).metadata.resource_version
        return {pod.metadata.name for pod in api.list_namespaced_pod(NAMESPACE, **selectors).items}

    assert names(label_selector="colour=red") == {"red"}
    assert names(label_selector="colour==red,already_checked!=True,!airflow-worker") == {"red"}
    assert names(label_selector="colour in (red, blue),dag_id") == {"red"}
    assert names(label_selector="colour notin (red),colour") == {"blue"}
    assert names(field_selector="metadata.name=blue,status.phase=Succeeded") == {"blue"}
    assert names(field_selector="status.phase!=Succeeded") == set()
    assert refused(names, field_selector="spec.image=x")[:2] == (400, "BadRequest")
    assert refused(names, label_selector="a=(")[:2] == (400, "BadRequest")


def test_errors_are_status_objects(api, create, runner):
    create("one", "true")
    assert refused(api.read_namespaced_pod, "none", NAMESPACE)[:2] == (404, "NotFound")
    assert refused(api.delete_namespaced_pod, "none", NAMESPACE)[:2] == (404, "NotFound")
    assert refused(create, "one")[:2] == (409, "AlreadyExists")
    assert refused(api.replace_namespaced_pod, "one", NAMESPACE, {})[:2] == (405, "MethodNotAllowed")
    assert refused(api.list_namespaced_service, NAMESPACE)[:2] == (404, "NotFound")
    assert refused(create, "large", "x" * 2_000_000)[:2] == (413, "RequestEntityTooLarge")
    anonymous = client.Configuration()
    anonymous.host, anonymous.ssl_ca_cert = api.api_client.configuration.host, api.api_client.configuration.ssl_ca_cert
    stranger = client.CoreV1Api(client.ApiClient(anonymous))
    assert refused(stranger.list_namespaced_pod, NAMESPACE)[:2] == (401, "Unauthorized")


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("metadata.name", {"name": "../escape"}),
        ("metadata.name", {"name": "Upper"}),
        ("metadata.labels", {"metadata": {"labels": {"a": "not valid!"}}}),
        ("spec.hostNetwork", {"spec": {"hostNetwork": True}}),
        ("spec.initContainers", {"spec": {"initContainers": [{"name": "i", "image": "x"}]}}),
        ("spec.restartPolicy", {"spec": {"restartPolicy": "Always"}}),
        ("spec.volumes[0].hostPath", {"spec": {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}}),
        ("spec.containers[0].envFrom", {"envFrom": [{"secretRef": {"name": "s"}}]}),
        ("spec.containers[0].securityContext.privileged", {"securityContext": {"privileged": True}}),
        ("spec.containers[0].volumeMounts[0].mountPath", {"volumeMounts": [{"name": "v", "mountPath": "/data"}]}),
        ("spec.containers[0].resources.limits.memory", {"resources": {"limits": {"memory": "lots"}}}),
        ("spec.containers[0].command", {"command": []}),
    ],
)
def test_what_would_behave_differently_is_refused_by_name(create, field, change):
    change = {"name": "refused"} | change if "name" not in change else change
    name = change.pop("name")
    code, reason, status = refused(create, name, **change)
    assert (code, reason) == (422, "Invalid")
    assert status["details"]["causes"][0]["field"] == field


def test_an_xcom_sidecar_is_refused_with_what_to_do(create):
    sidecar = {"name": "airflow-xcom-sidecar", "image": "alpine"}
    base = {"name": "base", "image": "shamal/train:0.1.0", "command": ["true"]}
    code, _, status = refused(create, "sidecar", spec={"containers": [base, sidecar]})
    assert code == 422
    assert "do_xcom_push=False" in status["message"]


def test_patches_change_labels_and_annotations_only(api, create):
    create("patched", metadata={"labels": {"keep": "1", "drop": "1"}})
    before = int(api.read_namespaced_pod("patched", NAMESPACE).metadata.resource_version)
    merge = {"metadata": {"labels": {"already_checked": "True", "drop": None}}}
    patched = api.patch_namespaced_pod("patched", NAMESPACE, merge)
    assert patched.metadata.labels == {"keep": "1", "already_checked": "True"}
    assert int(patched.metadata.resource_version) > before
    operations = [{"op": "add", "path": "/metadata/labels/a~1b", "value": "2"}]
    assert api.patch_namespaced_pod("patched", NAMESPACE, operations).metadata.labels["a/b"] == "2"
    annotate = {"metadata": {"annotations": {"note": "any text at all"}}}
    api.patch_namespaced_pod("patched", NAMESPACE, annotate, _content_type="application/merge-patch+json")
    assert refused(api.patch_namespaced_pod, "patched", NAMESPACE, {"spec": {"x": 1}})[:2] == (422, "Invalid")
    stale = {"metadata": {"resourceVersion": "1"}}
    assert refused(api.patch_namespaced_pod, "patched", NAMESPACE, stale)[:2] == (409, "Conflict")


def test_a_watch_sees_a_pods_whole_life(api, create):
    since = api.list_namespaced_pod(NAMESPACE).metadata.resource_version
    create("watched", "true", metadata={"labels": {"watch": "me"}})
    seen = []
    stream = watch.Watch()
    options = {"label_selector": "watch=me", "resource_version": since, "timeout_seconds": 15}
    for event in stream.stream(api.list_namespaced_pod, NAMESPACE, **options):
        seen.append((event["type"], event["object"].status.phase))
        if seen[-1] == ("MODIFIED", "Succeeded") and not event["object"].metadata.deletion_timestamp:
            api.delete_namespaced_pod("watched", NAMESPACE)
        if event["type"] == "DELETED":
            stream.stop()
    assert seen[0] == ("ADDED", "Pending")
    assert ("MODIFIED", "Running") in seen or ("MODIFIED", "Succeeded") in seen
    assert seen[-1] == ("DELETED", "Succeeded")


def test_a_watch_ends_after_its_timeout_and_an_old_version_is_gone(api, create, runner):
    stream = watch.Watch().stream(api.list_namespaced_pod, NAMESPACE, timeout_seconds=1, label_selector="no=one")
    assert list(stream) == []
    create("forgotten", "true")
    runner.stop()
    runner.start()
    with pytest.raises(ApiException) as caught:
        list(watch.Watch().stream(api.list_namespaced_pod, NAMESPACE, timeout_seconds=1, resource_version="1"))
    assert caught.value.status == 410


def test_events_are_listed_and_watched_for_one_pod(api, create, wait_for):
    create("eventful", "true")
    wait_for("eventful", "Succeeded")
    assert reasons(api, "eventful") == ["Scheduled", "Pulled", "Created", "Started"]
    selector = "involvedObject.name=eventful"
    stream = watch.Watch().stream(api.list_namespaced_event, NAMESPACE, field_selector=selector, timeout_seconds=1)
    assert [event["object"].reason for event in stream] == ["Scheduled", "Pulled", "Created", "Started"]


def test_logs_follow_and_select(api, read_log, create, wait_for):
    script = "for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done; printf 'no newline'"
    create("logs", script)
    wait_for("logs", "Running")
    followed: list[str] = []
    response = api.read_namespaced_pod_log(
        "logs", NAMESPACE, follow=True, timestamps=True, container="base", _preload_content=False
    )
    thread = threading.Thread(target=lambda: followed.extend(response.read().decode().splitlines()))
    thread.start()
    wait_for("logs", "Succeeded")
    thread.join(10)
    assert [line.partition(" ")[2] for line in followed] == [*(f"line {i}" for i in range(1, 6)), "no newline"]
    stamps = [line.partition(" ")[0] for line in followed]
    assert stamps == sorted(stamps)
    assert all(len(stamp) == 30 and stamp.endswith("Z") for stamp in stamps)
    assert read_log("logs", tail_lines=2) == "line 5\nno newline\n"
    assert read_log("logs", limit_bytes=4) == "line"
    assert read_log("logs", since_seconds=3600).count("\n") == 6
    assert refused(api.read_namespaced_pod_log, "logs", NAMESPACE, container="other")[:2] == (400, "BadRequest")
    assert refused(api.read_namespaced_pod_log, "logs", NAMESPACE, previous=True)[:2] == (400, "BadRequest")


def test_a_full_log_of_many_lines_arrives_whole(read_log, create, wait_for):
    create("many", command=["python", "-c", "for i in range(200000): print(i)"])
    wait_for("many", "Succeeded", seconds=30)
    lines = read_log("many", timestamps=False).splitlines()
    assert lines == [str(i) for i in range(200000)]


def test_discovery_and_version_answer(api):
    assert client.VersionApi(api.api_client).get_code().git_version.endswith("pod-runner")
    assert client.CoreApi(api.api_client).get_api_versions().versions == ["v1"]
    assert client.ApisApi(api.api_client).get_api_versions().groups == []
    assert "pods/log" in {resource.name for resource in api.get_api_resources().resources}


def test_neither_token_nor_values_reach_the_runners_own_log(api, create, wait_for, runner):
    create("private", "true", env=[{"name": "PASSWORD", "value": "a-value-to-look-for"}])
    wait_for("private", "Succeeded")
    written = (runner.root / "runner.log").read_text()
    assert "a-token-of-these-tests" not in written
    assert "a-value-to-look-for" not in written
    for file in ("pod.json", "launch.json", "log", "state.json"):
        assert (runner.root / NAMESPACE / "private" / file).stat().st_mode & 0o077 == 0


def reasons(api: Any, name: str) -> list[str]:
    events = api.list_namespaced_event(NAMESPACE, field_selector=f"involvedObject.name={name}")
    return [event.reason for event in events.items]
