"""Changes of a pod's labels and annotations, in the three patch formats of the API."""

import copy
from typing import Any

from local.pod_runner.errors import ApiError, bad_request, conflict, invalid
from local.pod_runner.objects import Json

MERGE_TYPES = ("application/merge-patch+json", "application/strategic-merge-patch+json")
JSON_PATCH = "application/json-patch+json"


def apply_patch(pod: Json, content_type: str, patch: Any) -> Json:
    """Return the patched pod; only its labels and annotations may differ.

    :param pod: the pod as it is; left untouched.
    :param content_type: one of the three patch types; for maps of strings both merges do the same.
    :param patch: an object (merge) or a list of operations (JSON patch).
    :raises ApiError: 415 for another type, 400 for a malformed patch, 422 when it changes anything else,
        409 when it carries a resourceVersion that is not the pod's.
    """
    if content_type in MERGE_TYPES and isinstance(patch, dict):
        patched = _merge(pod, patch)
    elif content_type == JSON_PATCH and isinstance(patch, list):
        patched = copy.deepcopy(pod)
        for operation in patch:
            _operate(patched, operation)
    elif content_type in (*MERGE_TYPES, JSON_PATCH):
        raise bad_request(f"a patch of type {content_type} cannot be a {type(patch).__name__}")
    else:
        raise ApiError(
            415, "UnsupportedMediaType", f"send one of {', '.join([*MERGE_TYPES, JSON_PATCH])}, not {content_type}"
        )
    _refuse_other_changes(pod, patched)
    return patched


def _merge(target: Json, patch: Json) -> Json:
    merged = dict(target)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            known = target.get(key)
            merged[key] = _merge(known if isinstance(known, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def _operate(document: Json, operation: Any) -> None:
    if not isinstance(operation, dict) or not {"op", "path"} <= operation.keys():
        raise bad_request("each operation of a JSON patch is an object with op and path")
    name, path = operation["op"], str(operation["path"])
    *parents, key = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]] or [""]
    target: Any = document
    for parent in parents:
        target = target.get(parent) if isinstance(target, dict) else None
    if not isinstance(target, dict):
        raise bad_request(f"the path {path} of the JSON patch does not lead to a map")
    if name == "add" or (name == "replace" and key in target):
        target[key] = operation.get("value")
    elif name == "remove" and key in target:
        del target[key]
    elif name != "test" or target.get(key) != operation.get("value"):
        raise bad_request(f"the operation {name} on {path} of the JSON patch cannot be done")


def _refuse_other_changes(pod: Json, patched: Json) -> None:
    name, version = pod["metadata"]["name"], pod["metadata"]["resourceVersion"]
    metadata = patched.get("metadata")
    if not isinstance(metadata, dict):
        raise invalid(name, "metadata", "must be a map")
    if metadata.get("resourceVersion") != version:
        raise conflict(name, f"the object has been modified; its resourceVersion is {version}")
    editable = {"labels", "annotations"}
    before = pod | {"metadata": {k: v for k, v in pod["metadata"].items() if k not in editable}}
    after = patched | {"metadata": {k: v for k, v in metadata.items() if k not in editable}}
    for field in sorted(before.keys() | after.keys()):
        if before.get(field) != after.get(field):
            message = "pod updates may change metadata.labels and metadata.annotations only"
            raise invalid(name, field, message, "FieldValueForbidden")
