"""Label and field selectors of list and watch requests."""

import re
from collections.abc import Callable

from local.pod_runner.errors import bad_request
from local.pod_runner.objects import Json

Matcher = Callable[[Json], bool]

_KEY = r"[A-Za-z0-9][A-Za-z0-9._/-]*"
_VALUE = r"[A-Za-z0-9._-]*"
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s+\(([^()]*)\)")
_EQUALITY = re.compile(rf"({_KEY})\s*(==|=|!=)\s*({_VALUE})")
_EXISTS = re.compile(rf"(!?)\s*({_KEY})")
_FIELD = re.compile(r"([A-Za-z.]+)(==|!=|=)(.*)")

POD_FIELDS = {
    "metadata.name",
    "metadata.namespace",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "status.phase",
    "status.podIP",
}
EVENT_FIELDS = {
    "metadata.name",
    "metadata.namespace",
    "involvedObject.kind",
    "involvedObject.name",
    "involvedObject.namespace",
    "involvedObject.uid",
    "reason",
    "type",
}


def label_matcher(selector: str) -> Matcher:
    """Return a test of an object's labels.

    :param selector: comma-separated requirements: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`.
    :raises ApiError: 400 when a requirement cannot be parsed.
    """
    # Commas also separate the values of `in (...)`: split only at those outside parentheses.
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", selector) if part.strip()]
    tests = [_requirement(part) for part in parts]
    return lambda item: all(test(item["metadata"].get("labels") or {}) for test in tests)


def _requirement(text: str) -> Matcher:
    if found := _SET.fullmatch(text):
        key, values = found[1], {value.strip() for value in found[3].split(",")}
        if found[2] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found := _EQUALITY.fullmatch(text):
        key, value = found[1], found[3]
        if found[2] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if found := _EXISTS.fullmatch(text):
        key, wanted = found[2], not found[1]
        return lambda labels: (key in labels) is wanted
    raise bad_request(f"unable to parse label selector requirement {text!r}")


def field_matcher(selector: str, allowed: set[str]) -> Matcher:
    """Return a test of an object's fields.

    :param selector: comma-separated `path=value`, `path==value` or `path!=value`.
    :param allowed: the paths that may be selected on.
    :raises ApiError: 400 when a requirement cannot be parsed or names another path.
    """
    tests = [_field_test(part.strip(), allowed) for part in selector.split(",") if part.strip()]
    return lambda item: all(test(item) for test in tests)


def _field_test(text: str, allowed: set[str]) -> Matcher:
    found = _FIELD.fullmatch(text)
    if found is None:
        raise bad_request(f"unable to parse field selector requirement {text!r}")
    path, operator, wanted = found.groups()
    if path not in allowed:
        raise bad_request(f"field label not supported: {path}; supported: {', '.join(sorted(allowed))}")

    def test(item: Json) -> bool:
        value: object = item
        for key in path.split("."):
            value = value.get(key, "") if isinstance(value, dict) else ""
        return (value == wanted) is (operator != "!=")

    return test
