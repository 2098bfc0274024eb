"""A pod's status at each point of its life, built from its manifest and its process's state."""

from local.pod_runner.objects import Json, now

TERMINAL = ("Succeeded", "Failed")
POD_IP = "127.0.0.1"


def pending(pod: Json) -> Json:
    """Return the status of a pod that was just accepted."""
    return {"phase": "Pending", "qosClass": _qos(pod)}


def unschedulable(pod: Json, message: str) -> Json:
    """Return the status of a pod that no node can take.

    :param message: why, in the scheduler's words.
    """
    created = pod["metadata"]["creationTimestamp"]
    condition = _condition("PodScheduled", False, created, "Unschedulable", message)
    return pending(pod) | {"conditions": [condition]}


def waiting(pod: Json, reason: str, message: str = "") -> Json:
    """Return the status of a scheduled pod whose container has not started.

    :param reason: ContainerCreating, ErrImagePull or ImagePullBackOff.
    """
    since = _start_time(pod)
    state = {"waiting": {"reason": reason, "message": message} if message else {"reason": reason}}
    return _scheduled(pod, "Pending", since, state, ready=False, since=since)


def running(pod: Json, started_at: str) -> Json:
    """Return the status of a pod whose process runs."""
    return _scheduled(
        pod, "Running", _start_time(pod), {"running": {"startedAt": started_at}}, ready=True, since=started_at
    )


def finished(pod: Json, state: Json) -> Json:
    """Return the status of a pod whose process has ended.

    :param state: what the pod's supervisor recorded: exit_code, reason, message, started_at, finished_at.
    """
    terminated = {
        "exitCode": state["exit_code"],
        "reason": "Error" if state["reason"] == "DeadlineExceeded" else state["reason"],
        "startedAt": state["started_at"],
        "finishedAt": state["finished_at"],
        "containerID": f"pod-runner://{pod['metadata']['uid']}",
    }
    if state.get("message"):
        terminated["message"] = state["message"]
    overrun = state["reason"] == "DeadlineExceeded"
    phase = "Succeeded" if state["exit_code"] == 0 and not overrun else "Failed"
    status = _scheduled(
        pod, phase, _start_time(pod), {"terminated": terminated}, ready=False, since=state["finished_at"]
    )
    if overrun:
        message = "Pod was active on the node longer than the specified deadline"
        status |= {"reason": "DeadlineExceeded", "message": message}
    return status


def _scheduled(pod: Json, phase: str, start: str, state: Json, *, ready: bool, since: str) -> Json:
    container = pod["spec"]["containers"][0]
    why = "" if ready else {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(phase, "ContainersNotReady")
    return pending(pod) | {
        "phase": phase,
        "hostIP": POD_IP,
        "podIP": POD_IP,
        "podIPs": [{"ip": POD_IP}],
        "startTime": start,
        "conditions": [
            _condition("PodScheduled", True, start),
            _condition("Initialized", True, start),
            _condition("ContainersReady", ready, since, why),
            _condition("Ready", ready, since, why),
        ],
        "containerStatuses": [
            {
                "name": container["name"],
                "image": container["image"],
                "imageID": "" if "waiting" in state else f"pod-runner://{container['image']}",
                "containerID": "" if "waiting" in state else f"pod-runner://{pod['metadata']['uid']}",
                "ready": ready,
                "started": ready,
                "restartCount": 0,
                "state": state,
                "lastState": {},
            }
        ],
    }


def _start_time(pod: Json) -> str:
    start: str = pod["status"].get("startTime") or now()
    return start


def _condition(kind: str, holds: bool, since: str, reason: str = "", message: str = "") -> Json:
    condition = {"type": kind, "status": str(holds), "lastProbeTime": None, "lastTransitionTime": since}
    return condition | ({"reason": reason} if reason else {}) | ({"message": message} if message else {})


def _qos(pod: Json) -> str:
    resources = pod["spec"]["containers"][0].get("resources") or {}
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    if not limits and not requests:
        return "BestEffort"
    full = {"cpu", "memory"} <= limits.keys() and all(
        requests.get(k, limits[k]) == limits[k] for k in ("cpu", "memory")
    )
    return "Guaranteed" if full else "Burstable"
