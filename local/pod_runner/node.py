"""The one node: gives pods a place, starts them, follows them and removes them, as scheduler and kubelet do."""

import asyncio
import logging
import subprocess
import time
from pathlib import Path

from local.pod_runner import process, status
from local.pod_runner.environment import launch_plan
from local.pod_runner.events import NODE_NAME, record
from local.pod_runner.images import IMAGES_FILE, ImagePullError, environment_of
from local.pod_runner.objects import Json
from local.pod_runner.quantity import parse_quantity
from local.pod_runner.store import Store

GPU = "nvidia.com/gpu"
RETRY_SECONDS = 5.0
log = logging.getLogger(__name__)


def local_gpus() -> list[int]:
    """Return the indices of the NVIDIA devices of this machine."""
    return sorted(int(device.name.removeprefix("nvidia")) for device in Path("/dev").glob("nvidia[0-9]*"))


class Node:
    """Brings each pod's process and its status together, again and again.

    :param store: the pods.
    :param images_file: what image names mean.
    :param gpus: indices of the GPUs that pods may use.
    """

    def __init__(self, store: Store, gpus: list[int], images_file: Path = IMAGES_FILE) -> None:
        self._store, self._images_file, self._gpus = store, images_file, gpus
        self._shims: dict[str, subprocess.Popen[bytes]] = {}
        self._retry_at: dict[str, float] = {}

    async def run(self) -> None:
        """Look after all pods, five times a second, until cancelled."""
        while True:
            for pod in self._store.items("pods"):
                try:
                    self.sync(pod)
                except OSError:
                    log.exception("pod %s/%s", pod["metadata"]["namespace"], pod["metadata"]["name"])
            await asyncio.sleep(0.2)

    def sync(self, pod: Json) -> None:
        """Do the next thing one pod needs."""
        folder, uid = self._store.folder(pod), pod["metadata"]["uid"]
        deleting = "deletionTimestamp" in pod["metadata"]
        if pod["status"]["phase"] not in status.TERMINAL:
            # Asked before the state is read: a supervisor that ends in between has recorded its pod's end.
            ended = uid in self._shims and self._shims[uid].poll() is not None
            recorded = process.state(folder)
            if recorded is not None:
                self._observe(pod, recorded)
                return
            if ended:
                self._fail_to_start(pod)
                return
            if uid in self._shims or process.supervised(folder):
                return
            if not deleting:
                self._start(pod, folder)
                return
        if shim := self._shims.get(uid):
            if shim.poll() is None:
                return
            del self._shims[uid]
        if deleting:
            self._retry_at.pop(uid, None)
            self._store.remove_pod(pod)

    def _observe(self, pod: Json, recorded: Json) -> None:
        if "finished_at" in recorded:
            if recorded["reason"] == "StartError":
                record(self._store, pod, "Failed", f"Error: {recorded['message']}", "Warning")
            elif pod["status"]["phase"] == "Pending":
                self._record_start(pod)
            self._set(pod, status.finished(pod, recorded))
        elif pod["status"]["phase"] == "Pending":
            self._record_start(pod)
            self._set(pod, status.running(pod, recorded["started_at"]))

    def _record_start(self, pod: Json) -> None:
        record(self._store, pod, "Started", f"Started container {pod['spec']['containers'][0]['name']}")

    def _start(self, pod: Json, folder: Path) -> None:
        uid, container = pod["metadata"]["uid"], pod["spec"]["containers"][0]
        if time.monotonic() < self._retry_at.get(uid, 0.0):
            return
        self._retry_at[uid] = time.monotonic() + RETRY_SECONDS
        gpus = self._free_gpus()[: _gpus_wanted(pod)]
        if len(gpus) < _gpus_wanted(pod):
            message = (
                f"0/1 nodes are available: 1 Insufficient {GPU}. "
                "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
            )
            record(self._store, pod, "FailedScheduling", message, "Warning")
            self._set(pod, status.unschedulable(pod, message))
            return
        if "nodeName" not in pod["spec"]:
            name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
            record(self._store, pod, "Scheduled", f"Successfully assigned {name} to {NODE_NAME}")
            pod = self._store.put_pod(pod | {"spec": pod["spec"] | {"nodeName": NODE_NAME}})
            self._set(pod, status.waiting(pod, "ContainerCreating"))
            pod = self._store.pod(pod["metadata"]["namespace"], pod["metadata"]["name"])
        try:
            image = environment_of(container["image"], self._images_file)
        except ImagePullError as error:
            self._back_off(pod, str(error))
            return
        self._store.put_pod(pod | {"metadata": pod["metadata"] | {"annotations": _with_gpus(pod, gpus)}})
        record(self._store, pod, "Pulled", f'Container image "{container["image"]}" already present on machine')
        record(self._store, pod, "Created", f"Created container {container['name']}")
        self._shims[uid] = process.start(folder, launch_plan(pod, image, folder, gpus))

    def _back_off(self, pod: Json, message: str) -> None:
        image = pod["spec"]["containers"][0]["image"]
        again = any(event["reason"] == "Failed" for event in self._store.events_of(pod))
        record(self._store, pod, "Failed", message, "Warning")
        if again:
            record(self._store, pod, "BackOff", f'Back-off pulling image "{image}"', "Warning")
            message = f'Back-off pulling image "{image}": ErrImagePull: {message}'
        self._set(pod, status.waiting(pod, "ImagePullBackOff" if again else "ErrImagePull", message))

    def _fail_to_start(self, pod: Json) -> None:
        """End a pod whose supervisor died before it started anything; its words are in shim.log."""
        at = pod["status"].get("startTime", pod["metadata"]["creationTimestamp"])
        message = f"the pod's supervisor did not start; see {self._store.folder(pod) / 'shim.log'}"
        ended = {"started_at": at, "finished_at": at, "exit_code": 128, "reason": "StartError", "message": message}
        self._observe(pod, ended)

    def _free_gpus(self) -> list[int]:
        active = [pod for pod in self._store.items("pods") if pod["status"]["phase"] not in status.TERMINAL]
        taken = {gpu for pod in active for gpu in _gpus_of(pod)}
        return [gpu for gpu in self._gpus if gpu not in taken]

    def _set(self, pod: Json, new: Json) -> None:
        if new != pod["status"]:
            self._store.put_pod(pod | {"status": new})


_GPU_ANNOTATION = "pod-runner/gpus"


def _gpus_wanted(pod: Json) -> int:
    resources = pod["spec"]["containers"][0].get("resources") or {}
    return int(parse_quantity((resources.get("limits") or {}).get(GPU, 0)))


def _gpus_of(pod: Json) -> list[int]:
    given = (pod["metadata"].get("annotations") or {}).get(_GPU_ANNOTATION, "")
    return [int(gpu) for gpu in given.split(",") if gpu]


def _with_gpus(pod: Json, gpus: list[int]) -> dict[str, str]:
    annotations = pod["metadata"].get("annotations") or {}
    return annotations | ({_GPU_ANNOTATION: ",".join(map(str, gpus))} if gpus else {})
