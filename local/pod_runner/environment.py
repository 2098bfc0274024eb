"""The environment a pod's process starts in: its image's, its manifest's, and nothing of the runner's."""

import math
import re
from pathlib import Path

from local.pod_runner.events import NODE_NAME
from local.pod_runner.images import PROJECT_ROOT
from local.pod_runner.objects import Json
from local.pod_runner.quantity import parse_quantity
from local.pod_runner.status import POD_IP

_REFERENCE = re.compile(r"\$(\$)?\(([-._A-Za-z][-._A-Za-z0-9]*)\)")


def launch_plan(pod: Json, image: Path, folder: Path, gpus: list[int]) -> Json:
    """Return what the pod's supervisor needs: argv, environment, working folder and limits.

    :param pod: the pod.
    :param image: the interpreter environment of its image.
    :param folder: the pod's folder; its `tmp` is HOME and TMPDIR.
    :param gpus: indices of the GPUs it was given.
    """
    container = pod["spec"]["containers"][0]
    env = _environment(pod, image, folder, gpus)
    argv = [*(container.get("command") or []), *(container.get("args") or [])]
    limits = (container.get("resources") or {}).get("limits") or {}
    return {
        "argv": [_expand(word, env) for word in argv],
        "env": env,
        "cwd": container.get("workingDir") or str(PROJECT_ROOT),
        "memory": parse_quantity(limits["memory"]) if "memory" in limits else None,
        "deadline": pod["spec"].get("activeDeadlineSeconds"),
        "grace": pod["spec"]["terminationGracePeriodSeconds"],
    }


def _environment(pod: Json, image: Path, folder: Path, gpus: list[int]) -> dict[str, str]:
    container = pod["spec"]["containers"][0]
    env = {
        "PATH": f"{image / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(PROJECT_ROOT),
        "PYTHONUNBUFFERED": "1",
        "HOME": str(folder / "tmp"),
        "TMPDIR": str(folder / "tmp"),
        "HOSTNAME": pod["metadata"]["name"],
        "LANG": "C.UTF-8",
        "CUDA_VISIBLE_DEVICES": ",".join(map(str, gpus)),
    }
    limits = (container.get("resources") or {}).get("limits") or {}
    if "cpu" in limits:
        # Nothing here caps a process's CPU time; the usual numeric libraries at least start no more threads.
        env["OMP_NUM_THREADS"] = str(max(1, math.ceil(parse_quantity(limits["cpu"]))))
    for variable in container.get("env") or []:
        source = variable.get("valueFrom")
        if source:
            env[variable["name"]] = _field(pod, source["fieldRef"]["fieldPath"])
        else:
            env[variable["name"]] = _expand(variable.get("value") or "", env)
    return env


def _field(pod: Json, path: str) -> str:
    metadata = pod["metadata"]
    fields = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": NODE_NAME,
        "status.podIP": POD_IP,
    }
    return str(fields[path])


def _expand(text: str, env: dict[str, str]) -> str:
    """Replace `$(NAME)` as Kubernetes does: unknown names stay, `$$(NAME)` is the text `$(NAME)`."""
    return _REFERENCE.sub(lambda m: m[0][1:] if m[1] else env.get(m[2], m[0]), text)
