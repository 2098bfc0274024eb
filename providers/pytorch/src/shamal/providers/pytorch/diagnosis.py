"""Says in words why a training pod failed."""

from dataclasses import dataclass
from typing import Any

LINES = 15
NEXT_STEPS = {
    "OOMKilled": "raise memory in the compute profile, or lower batch_size; a retry resumes from the last checkpoint",
    "ErrImagePull": "check the image of the compute profile and the node's access to its registry",
    "ImagePullBackOff": "check the image of the compute profile and the node's access to its registry",
    "Evicted": "the node ran out of a resource; a retry resumes from the last checkpoint",
}
REFUSED_STEP = "correct the input named above; retries cannot cure it"
DEFAULT_STEP = "read the task's log; a retry resumes from the last checkpoint"
PENDING_STEP = "the cluster could not start the pod: check free CPU, memory, GPUs, quotas and the image"


@dataclass(frozen=True)
class Diagnosis:
    """Why a pod failed and what to do.

    :param text: what happened; empty when there is no pod to ask
    :param exit_code: of the base container; None when it did not end
    :param next_step: what to do
    """

    text: str
    exit_code: int | None
    next_step: str


def diagnose(client: Any, pod: Any, container: str) -> Diagnosis:
    """Return what the pod's state and last log lines say.

    :param client: Kubernetes CoreV1Api
    :param pod: V1Pod or None
    :param container: name of the training container
    """
    if pod is None or pod.status is None:
        return Diagnosis("", None, DEFAULT_STEP)
    where = f"pod {pod.metadata.namespace}/{pod.metadata.name}"
    state = _state(pod, container)
    if state is not None and state.terminated is not None:
        ended = state.terminated
        reason = ended.reason or pod.status.reason or "Error"
        text = f"{where} ended with exit code {ended.exit_code} ({reason})"
        step = REFUSED_STEP if ended.exit_code == 2 else NEXT_STEPS.get(reason, DEFAULT_STEP)
        return Diagnosis(text + _last_lines(client, pod, container), ended.exit_code, step)
    if state is not None and state.waiting is not None:
        waiting = state.waiting
        text = f"{where} was never ready: {waiting.reason} {waiting.message or ''}".rstrip()
        return Diagnosis(text, None, NEXT_STEPS.get(waiting.reason, PENDING_STEP))
    if pod.status.phase == "Pending":
        return Diagnosis(f"{where} was never ready: {_why_pending(pod)}", None, PENDING_STEP)
    reason = pod.status.reason or pod.status.message or ""
    text = f"{where} is {pod.status.phase} {reason}".rstrip()
    return Diagnosis(text, None, NEXT_STEPS.get(reason, DEFAULT_STEP))


def _state(pod: Any, container: str) -> Any:
    statuses = pod.status.container_statuses or []
    return next((each.state for each in statuses if each.name == container), None)


def _why_pending(pod: Any) -> str:
    """Return the scheduler's words, such as those about a GPU that no node has."""
    refused = [each for each in pod.status.conditions or [] if each.status == "False" and each.message]
    return "; ".join(f"{each.reason}: {each.message}" for each in refused) or "Pending"


def _last_lines(client: Any, pod: Any, container: str) -> str:
    from kubernetes.client import ApiException

    try:
        text = client.read_namespaced_pod_log(
            pod.metadata.name, pod.metadata.namespace, container=container, tail_lines=LINES
        )
    except ApiException as error:
        return f"; its log cannot be read ({error.status} {error.reason})"
    return f"; its last lines:\n{text.rstrip()}" if text and text.strip() else "; it wrote no log"
