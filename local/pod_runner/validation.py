"""Which pods are accepted: every field of a manifest is honoured, without effect here, or refused by name."""

import re
from collections.abc import Mapping
from typing import Any

from local.pod_runner.errors import ApiError, bad_request, invalid
from local.pod_runner.objects import Json
from local.pod_runner.quantity import parse_quantity

HONOURED_POD = {"activeDeadlineSeconds", "containers", "restartPolicy", "terminationGracePeriodSeconds", "volumes"}
WITHOUT_EFFECT_POD = {
    *("affinity", "nodeSelector", "tolerations", "topologySpreadConstraints", "runtimeClassName", "schedulerName"),
    *("priority", "priorityClassName", "preemptionPolicy", "serviceAccount", "serviceAccountName"),
    *("automountServiceAccountToken", "imagePullSecrets", "enableServiceLinks", "dnsPolicy", "securityContext"),
}
HONOURED_CONTAINER = {"args", "command", "env", "image", "name", "resources", "volumeMounts", "workingDir"}
WITHOUT_EFFECT_CONTAINER = {
    *("imagePullPolicy", "ports", "securityContext", "terminationMessagePath", "terminationMessagePolicy"),
}
FIELD_REFERENCES = {"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "status.podIP"}
SHARED_FOLDERS = {"/dev/shm", "/tmp"}  # noqa: S108 - the machine's own, which every pod sees anyway
RESERVED_NAMESPACE = "credentials"

_LABEL_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
_ENV_NAME = re.compile(r"[-._A-Za-z][-._A-Za-z0-9]*")


def check_namespace(namespace: str) -> None:
    """Refuse a namespace that is not a DNS-1123 label; every other namespace exists.

    :raises ApiError: 400, or 403 for the one name the runner's own files use.
    """
    if not _LABEL_NAME.fullmatch(namespace):
        raise bad_request(f"the namespace {namespace!r} is not a DNS-1123 label: [a-z0-9-], 63 characters at most")
    if namespace == RESERVED_NAMESPACE:
        raise ApiError(403, "Forbidden", f"the namespace {namespace} is reserved by the pod runner")


def check_metadata(metadata: Json) -> None:
    """Refuse names, labels and annotations that a cluster would refuse.

    :raises ApiError: 422 naming the field.
    """
    name = str(metadata.get("name", ""))
    if not _SUBDOMAIN.fullmatch(name) or len(name) > 253:
        raise invalid(
            name, "metadata.name", f"{name!r} is not a DNS-1123 subdomain: [a-z0-9.-], 253 characters at most"
        )
    for kind, pattern in (("labels", _LABEL_VALUE), ("annotations", re.compile(r"[\s\S]{0,262144}"))):
        pairs = metadata.get(kind) or {}
        if not isinstance(pairs, dict):
            raise invalid(name, f"metadata.{kind}", "must be a map of strings")
        for key, value in pairs.items():
            if not _LABEL_KEY.fullmatch(key):
                raise invalid(name, f"metadata.{kind}", f"{key!r} is not a valid key")
            if not isinstance(value, str) or not pattern.fullmatch(value):
                raise invalid(
                    name, f"metadata.{kind}", f"the value of {key} is not a valid string of at most 63 characters"
                )


def check_spec(name: str, spec: Json) -> None:
    """Refuse a spec that this runner would not run as a cluster runs it.

    :param name: the pod's name, for the message.
    :param spec: the manifest's `spec`.
    :raises ApiError: 422 naming the field and what is supported.
    """
    _refuse_unknown(name, "spec", spec, HONOURED_POD | WITHOUT_EFFECT_POD)
    if spec.get("restartPolicy", "Always") != "Never":
        raise invalid(name, "spec.restartPolicy", "only Never is supported: a pod here runs once")
    for field, least in (("activeDeadlineSeconds", 1), ("terminationGracePeriodSeconds", 0)):
        value = spec.get(field, least)
        if not isinstance(value, int) or value < least:
            raise invalid(name, f"spec.{field}", f"must be a whole number of seconds, {least} or more")
    containers = spec.get("containers")
    if not isinstance(containers, list) or not containers:
        raise invalid(name, "spec.containers", "one container is required", "FieldValueRequired")
    if len(containers) > 1:
        names = ", ".join(str(container.get("name")) for container in containers)
        message = (
            f"one container is supported, not {len(containers)} ({names}); "
            "the sidecar of do_xcom_push=True is not: set do_xcom_push=False"
        )
        raise invalid(name, "spec.containers", message, "FieldValueForbidden")
    if "privileged" in (spec.get("securityContext") or {}):
        raise invalid(name, "spec.securityContext.privileged", "not supported", "FieldValueForbidden")
    _check_container(name, containers[0])
    _check_volumes(name, spec, containers[0])


def _refuse_unknown(name: str, path: str, given: Any, supported: set[str]) -> None:
    if not isinstance(given, dict):
        raise invalid(name, path, "must be a map")
    for field, value in given.items():
        # Clients send empty lists and false for what they do not use: those change nothing.
        if value and field not in supported:
            message = f"not supported by the pod runner; supported fields: {', '.join(sorted(supported))}"
            raise invalid(name, f"{path}.{field}", message, "FieldValueForbidden")


def _check_container(name: str, container: Any) -> None:
    path = "spec.containers[0]"
    _refuse_unknown(name, path, container, HONOURED_CONTAINER | WITHOUT_EFFECT_CONTAINER)
    if not _LABEL_NAME.fullmatch(str(container.get("name", ""))):
        raise invalid(name, f"{path}.name", "must be a DNS-1123 label")
    if not isinstance(container.get("image"), str) or not container["image"]:
        raise invalid(name, f"{path}.image", "an image is required", "FieldValueRequired")
    argv = [*(container.get("command") or []), *(container.get("args") or [])]
    if not argv or not all(isinstance(word, str) for word in argv):
        raise invalid(name, f"{path}.command", "give command or args as strings: images here have no entry point")
    security = container.get("securityContext") or {}
    if security.get("privileged"):
        raise invalid(name, f"{path}.securityContext.privileged", "not supported", "FieldValueForbidden")
    if (security.get("capabilities") or {}).get("add"):
        raise invalid(name, f"{path}.securityContext.capabilities.add", "not supported", "FieldValueForbidden")
    _check_env(name, container.get("env") or [])
    _check_resources(name, container.get("resources") or {})


def _check_env(name: str, env: list[Json]) -> None:
    for index, variable in enumerate(env):
        path = f"spec.containers[0].env[{index}]"
        _refuse_unknown(name, path, variable, {"name", "value", "valueFrom"})
        if not _ENV_NAME.fullmatch(str(variable.get("name", ""))):
            raise invalid(name, f"{path}.name", "is not the name of an environment variable")
        if not isinstance(variable.get("value") or "", str):
            raise invalid(name, f"{path}.value", "must be a string")
        source = variable.get("valueFrom") or {}
        _refuse_unknown(name, f"{path}.valueFrom", source, {"fieldRef"})
        if source.get("fieldRef") and source["fieldRef"].get("fieldPath") not in FIELD_REFERENCES:
            message = f"supported: {', '.join(sorted(FIELD_REFERENCES))}"
            raise invalid(name, f"{path}.valueFrom.fieldRef.fieldPath", message)


def _check_resources(name: str, resources: Mapping[str, Any]) -> None:
    for kind in ("limits", "requests"):
        for resource, quantity in (resources.get(kind) or {}).items():
            try:
                parse_quantity(quantity)
            except ValueError as error:
                raise invalid(name, f"spec.containers[0].resources.{kind}.{resource}", str(error)) from error


def _check_volumes(name: str, spec: Json, container: Json) -> None:
    for index, volume in enumerate(spec.get("volumes") or []):
        _refuse_unknown(name, f"spec.volumes[{index}]", volume, {"name", "emptyDir"})
    for index, mount in enumerate(container.get("volumeMounts") or []):
        if mount.get("mountPath") not in SHARED_FOLDERS:
            message = f"an emptyDir can be mounted at {' or '.join(sorted(SHARED_FOLDERS))} only"
            raise invalid(name, f"spec.containers[0].volumeMounts[{index}].mountPath", message, "FieldValueForbidden")
