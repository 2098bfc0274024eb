from typing import Any
from unittest.mock import MagicMock

import pytest
from kubernetes import client as k8s  # noqa: TID253 - the pods that are diagnosed

from shamal.providers.pytorch.diagnosis import PENDING_STEP, REFUSED_STEP, diagnose

SCHEDULER = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."


def pod(phase: str, state: Any = None, **status: Any) -> k8s.V1Pod:
    container = k8s.V1ContainerStatus(name="base", state=state, image="", image_id="", ready=False, restart_count=0)
    statuses = [container] if state else None
    return k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(name="train-1", namespace="ml"),
        status=k8s.V1PodStatus(phase=phase, container_statuses=statuses, **status),
    )


def terminated(exit_code: int, reason: str) -> k8s.V1ContainerState:
    return k8s.V1ContainerState(terminated=k8s.V1ContainerStateTerminated(exit_code=exit_code, reason=reason))


def waiting(reason: str, message: str) -> k8s.V1ContainerState:
    return k8s.V1ContainerState(waiting=k8s.V1ContainerStateWaiting(reason=reason, message=message))


def unschedulable() -> list[k8s.V1PodCondition]:
    return [k8s.V1PodCondition(type="PodScheduled", status="False", reason="Unschedulable", message=SCHEDULER)]


@pytest.mark.parametrize(
    ("given", "exit_code", "text", "step"),
    [
        (pod("Failed", terminated(137, "OOMKilled")), 137, "exit code 137 (OOMKilled)", "raise memory"),
        (pod("Failed", terminated(2, "Error")), 2, "exit code 2 (Error)", REFUSED_STEP),
        (pod("Failed", terminated(1, "Error")), 1, "last words", "resumes from the last checkpoint"),
        (
            pod("Pending", waiting("ErrImagePull", "no such image")),
            None,
            "ErrImagePull no such image",
            "check the image",
        ),
        (pod("Pending", conditions=unschedulable()), None, f"never ready: Unschedulable: {SCHEDULER}", PENDING_STEP),
        (pod("Pending"), None, "was never ready: Pending", PENDING_STEP),
        (pod("Failed", reason="Evicted"), None, "is Failed Evicted", "ran out of a resource"),
        (pod("Running"), None, "ml/train-1 is Running", "read the task's log"),
        (None, None, "", "read the task's log"),
    ],
)
def test_every_end_is_said_in_words_with_a_next_step(given: Any, exit_code: int | None, text: str, step: str) -> None:
    client = MagicMock()
    client.read_namespaced_pod_log.return_value = "epoch 3\nlast words\n"
    found = diagnose(client, given, "base")
    assert found.exit_code == exit_code
    assert text in found.text
    assert step in found.next_step


def test_a_log_that_is_gone_is_said_and_no_error() -> None:
    client = MagicMock()
    client.read_namespaced_pod_log.side_effect = k8s.ApiException(status=404, reason="Not Found")
    assert "cannot be read (404 Not Found)" in diagnose(client, pod("Failed", terminated(1, "Error")), "base").text
