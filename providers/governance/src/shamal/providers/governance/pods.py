"""What a pod of a model may not ask for."""

import sys
from collections.abc import Iterator
from typing import Any

# Names without case and underscores: KubernetesPodOperator takes objects, camelCase and snake_case.
_FORBIDDEN = {"privileged", "hostpath", "hostnetwork", "hostpid", "hostipc", "allowprivilegeescalation"}
_ATTRIBUTES = (
    "security_context", "container_security_context", "volumes", "hostnetwork", "init_containers", "full_pod_spec",
    "pod_template_dict",
)  # fmt: skip


def attributes(task: Any) -> dict[str, Any] | None:
    """Return what a KubernetesPodOperator was given, or `None` for a task that makes no pod."""
    module = sys.modules.get("airflow.providers.cncf.kubernetes.operators.pod")
    operator = task.operator_class if getattr(task, "is_mapped", False) else type(task)
    if module is None or not issubclass(operator, module.KubernetesPodOperator):
        return None
    return dict(task.partial_kwargs) if getattr(task, "is_mapped", False) else vars(task)


def forbidden_in_task(given: dict[str, Any]) -> list[str]:
    """Return what a KubernetesPodOperator asks for and may not, as paths such as `volumes.0.hostPath`."""
    return forbidden({name: given.get(name) for name in _ATTRIBUTES})


def forbidden(pod: Any) -> list[str]:
    """Return what a pod, or a part of one, asks for and may not."""
    from kubernetes.client import ApiClient

    return sorted(_search(ApiClient().sanitize_for_serialization(pod), ()))


def images(pod: Any) -> list[str]:
    """Return the images of all containers of a finished pod."""
    containers = [*(pod.spec.init_containers or []), *pod.spec.containers]
    return [container.image for container in containers]


def _search(part: Any, path: tuple[str, ...]) -> Iterator[str]:
    children = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in children:
        here = (*path, str(key))
        if str(key).replace("_", "").lower() in _FORBIDDEN and value:
            yield ".".join(here)
        else:
            yield from _search(value, here)
