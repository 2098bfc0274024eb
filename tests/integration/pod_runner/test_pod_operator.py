"""KubernetesPodOperator's own flows, synchronous and deferrable, from one task's start to its end."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.cncf.kubernetes.kubernetes_helper_functions import PodLaunchFailedException
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.cncf.kubernetes.triggers.pod import KubernetesPodTrigger
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, TaskDeferred

pytestmark = pytest.mark.integration
NAMESPACE = "shamal"


@pytest.fixture
def operator(runner, api, monkeypatch):
    """Make operators whose connection leads to the runner."""
    connection = {
        "conn_type": "kubernetes",
        "extra": {"kube_config": json.dumps(runner.kubeconfig), "namespace": NAMESPACE},
    }
    monkeypatch.setenv("AIRFLOW_CONN_KUBERNETES_DEFAULT", json.dumps(connection))

    def make(name: str, script: str, **settings: Any) -> KubernetesPodOperator:
        with DAG("pods", schedule=None):
            return KubernetesPodOperator(
                **{
                    "task_id": name,
                    "name": name,
                    "image": "shamal/train:0.1.0",
                    "cmds": ["sh", "-c", script],
                    "poll_interval": 0.2,
                    "startup_check_interval_seconds": 1,
                }
                | settings
            )

    yield make
    for pod in api.list_namespaced_pod(NAMESPACE).items:
        api.delete_namespaced_pod(pod.metadata.name, NAMESPACE, grace_period_seconds=0)


@pytest.fixture
def context() -> dict[str, Any]:
    """The part of a task's context that the operator reads."""
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(
        dag_id="pods",
        task_id="pod",
        run_id="manual__2026-01-01T00:00:00+00:00",
        map_index=-1,
        try_number=1,
        xcom_push=lambda key, value: pushed.update({key: value}),
        start_date=None,
    )
    dag = SimpleNamespace(parent_dag=None)
    return {"ti": ti, "task_instance": ti, "dag": dag, "run_id": ti.run_id, "pushed": pushed}


def pods(api: Any) -> dict[str, str]:
    return {pod.metadata.name: pod.status.phase for pod in api.list_namespaced_pod(NAMESPACE).items}


def run_trigger(deferred: Any) -> dict[str, Any]:
    """Do what a triggerer does with a deferral: the trigger travels in its serialised form."""
    _, kwargs = deferred.trigger.serialize()
    trigger = KubernetesPodTrigger(**kwargs)

    async def first_event() -> dict[str, Any]:
        async for event in trigger.run():
            payload: dict[str, Any] = event.payload
            return payload
        raise AssertionError("the trigger gave no event")

    return asyncio.run(asyncio.wait_for(first_event(), 60))


def test_a_task_waits_for_its_pod_and_logs_its_lines(operator, context, api, wait_until, capsys):
    operator("works", "echo one; sleep 1; echo two").execute(context)
    logged = capsys.readouterr().out
    assert "[base] one" in logged
    assert "[base] two" in logged
    assert context["pushed"]["pod_name"].startswith("works-")
    wait_until(lambda: pods(api) == {})


def test_a_failing_pod_fails_its_task_and_can_be_kept(operator, context, api):
    with pytest.raises(AirflowException, match="returned a failure"):
        operator("fails", "echo no; exit 4", on_finish_action="keep_pod").execute(context)
    (pod,) = api.list_namespaced_pod(NAMESPACE).items
    assert pod.metadata.labels["already_checked"] == "True"


def test_an_unknown_image_fails_at_once_with_the_known_names(operator, context):
    with pytest.raises(AirflowException) as caught:
        operator("image", "true", image="elsewhere/none:1").execute(context)
    assert isinstance(caught.value.__context__, PodLaunchFailedException)
    assert "known images: shamal/train:0.1.0" in str(caught.value.__context__)


def test_a_second_attempt_takes_up_the_running_pod(operator, context, api, wait_for, capsys):
    first = operator("again", "sleep 3; echo done")
    request = first.build_pod_request_obj(context)
    first.get_or_create_pod(request, context)
    operator("again", "sleep 3; echo done").execute(context)
    assert "Reusing existing pod" in capsys.readouterr().out
    assert context["pushed"]["pod_name"] == request.metadata.name


def test_killing_the_task_deletes_its_pod(operator, context, api, wait_for, wait_until):
    task = operator("endless", "sleep 600", termination_grace_period=1)
    task.pod = task.get_or_create_pod(task.build_pod_request_obj(context), context)
    wait_for(task.pod.metadata.name, "Running")
    task.on_kill()
    wait_until(lambda: pods(api) == {}, 8)


def test_a_deferred_task_ends_with_its_pod(operator, context, api, wait_until, capsys):
    task = operator("deferred", "echo a first line; sleep 2; echo a second line", deferrable=True, logging_interval=1)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context)
    event = run_trigger(deferred.value)
    assert event["status"] == "success"
    task.trigger_reentry(context, event)
    logged = capsys.readouterr().out
    assert "a first line" in logged
    assert "a second line" in logged
    wait_until(lambda: pods(api) == {})


def test_a_deferred_task_fails_with_its_pod(operator, context, api):
    task = operator("deferred-fails", "exit 4", deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context)
    event = run_trigger(deferred.value)
    assert event["status"] == "failed"
    with pytest.raises(AirflowException):
        task.trigger_reentry(context, event)


def test_a_trigger_goes_on_over_a_restart_of_the_runner(operator, context, runner):
    task = operator("restart", "sleep 4; echo done", deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context)
    runner.stop()
    runner.start()
    assert run_trigger(deferred.value)["status"] == "success"


def test_marking_a_deferred_task_failed_deletes_its_pod(operator, context, api, wait_until):
    task = operator("marked", "sleep 600", deferrable=True, termination_grace_period=1)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context)
    asyncio.run(deferred.value.trigger.on_kill())
    wait_until(lambda: pods(api) == {}, 8)
