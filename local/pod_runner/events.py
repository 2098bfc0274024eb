"""Pod events, as a cluster's scheduler and kubelet write them."""

from typing import Literal
from uuid import uuid4

from local.pod_runner.objects import Json, now
from local.pod_runner.store import Store

NODE_NAME = "pod-runner"


def record(store: Store, pod: Json, reason: str, message: str, kind: Literal["Normal", "Warning"] = "Normal") -> None:
    """Write an event of a pod; the same event again only raises its count.

    :param store: where it is kept, for as long as the pod.
    :param pod: the pod it is about.
    :param reason: such as Scheduled, Started or FailedScheduling.
    :param message: a sentence for people.
    :param kind: Warning for what needs attention.
    """
    for event in store.events_of(pod):
        if (event["reason"], event["message"]) == (reason, message):
            store.put_event(pod, event | {"count": event["count"] + 1, "lastTimestamp": now()})
            return
    metadata = pod["metadata"]
    scheduling = reason in ("Scheduled", "FailedScheduling")
    involved = {
        "kind": "Pod",
        "apiVersion": "v1",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "uid": metadata["uid"],
    }
    if not scheduling:
        involved["fieldPath"] = f"spec.containers{{{pod['spec']['containers'][0]['name']}}}"
    event = {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {
            "name": f"{metadata['name']}.{uuid4().hex[:16]}",
            "namespace": metadata["namespace"],
            "uid": str(uuid4()),
            "creationTimestamp": now(),
        },
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "source": {"component": "default-scheduler"} if scheduling else {"component": "kubelet", "host": NODE_NAME},
        "firstTimestamp": now(),
        "lastTimestamp": now(),
        "count": 1,
        "type": kind,
        "reportingComponent": "default-scheduler" if scheduling else "kubelet",
        "reportingInstance": "" if scheduling else NODE_NAME,
    }
    store.put_event(pod, event)
