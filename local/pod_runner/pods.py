"""The requests about pods and their events."""

import json
import math
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from local.pod_runner import process, selectors, status, watch
from local.pod_runner.errors import ApiError, already_exists, bad_request, conflict, invalid
from local.pod_runner.events import record
from local.pod_runner.logs import LogOptions, read_log
from local.pod_runner.node import Node
from local.pod_runner.objects import Json, now, seconds_since
from local.pod_runner.patch import apply_patch
from local.pod_runner.store import Kind, Store
from local.pod_runner.validation import check_metadata, check_namespace, check_spec

LARGEST_BODY = 1024 * 1024
LONGEST_WATCH = 1800.0
_SELECTABLE = {"pods": selectors.POD_FIELDS, "events": selectors.EVENT_FIELDS}
_LISTS = {"pods": "PodList", "events": "EventList"}


class Pods:
    """Answers to requests.

    :param store: the pods.
    :param node: what runs them.
    """

    def __init__(self, store: Store, node: Node) -> None:
        self._store, self._node = store, node

    async def list_pods(self, request: Request) -> Response:
        """List pods, or watch them."""
        return self._list(request, "pods")

    async def list_events(self, request: Request) -> Response:
        """List events, or watch them."""
        return self._list(request, "events")

    async def create(self, request: Request) -> Response:
        """Accept a pod; the node starts it a moment later."""
        namespace = self._namespace(request)
        manifest = await _body(request)
        metadata, spec = manifest.get("metadata"), manifest.get("spec")
        if manifest.get("kind", "Pod") != "Pod" or manifest.get("apiVersion", "v1") != "v1":
            raise bad_request("the object is not a Pod of apiVersion v1")
        if not isinstance(metadata, dict) or not isinstance(spec, dict):
            raise invalid("", "metadata" if not isinstance(metadata, dict) else "spec", "must be a map")
        if metadata.get("namespace", namespace) != namespace:
            raise bad_request("the namespace of the object does not match the namespace of the request")
        name = metadata.get("name") or f"{metadata.get('generateName', '')}{uuid4().hex[:5]}"
        metadata = metadata | {"name": name, "namespace": namespace}
        check_metadata(metadata)
        check_spec(name, spec)
        if self._store.exists(namespace, name):
            raise already_exists(name)
        metadata |= {"uid": str(uuid4()), "creationTimestamp": now()}
        defaults = {
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
        }
        pod: Json = {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": defaults | spec}
        return JSONResponse(self._store.put_pod(pod | {"status": status.pending(pod)}), 201)

    async def read(self, request: Request) -> Response:
        """Return one pod; its status is part of it."""
        return JSONResponse(self._pod(request))

    async def patch(self, request: Request) -> Response:
        """Change a pod's labels or annotations."""
        content = await _content(request)
        content_type = request.headers.get("content-type", "").partition(";")[0].strip()
        # Read once the body is there: while it is awaited the node may change the pod.
        pod = self._pod(request)
        patched = apply_patch(pod, content_type, content)
        check_metadata(patched["metadata"])
        return JSONResponse(patched if patched == pod else self._store.put_pod(patched))

    async def delete(self, request: Request) -> Response:
        """End a pod with its grace; the object goes when its process has gone."""
        options = await _body(request)
        pod = self._pod(request)
        metadata = pod["metadata"]
        preconditions = options.get("preconditions") or {}
        for field in ("uid", "resourceVersion"):
            wanted = preconditions.get(field)
            if wanted and wanted != metadata[field]:
                raise conflict(metadata["name"], f"the {field} is {metadata[field]}, not {wanted}")
        grace = _number(request, "gracePeriodSeconds")
        if grace is None:
            grace = options.get("gracePeriodSeconds")
        if grace is None:
            grace = pod["spec"]["terminationGracePeriodSeconds"]
        if not isinstance(grace, int) or grace < 0:
            raise bad_request("gracePeriodSeconds must be a whole number, 0 or more")
        metadata = {"deletionTimestamp": now()} | metadata | {"deletionGracePeriodSeconds": grace}
        pod = self._store.put_pod(pod | {"metadata": metadata})
        if pod["status"]["phase"] not in status.TERMINAL and "nodeName" in pod["spec"]:
            record(self._store, pod, "Killing", f"Stopping container {pod['spec']['containers'][0]['name']}")
            process.request_stop(self._store.folder(pod), grace)
        self._node.sync(pod)
        return JSONResponse(pod)

    async def log(self, request: Request) -> Response:
        """Return or follow the log of the pod's container."""
        pod = self._pod(request)
        name, query = pod["metadata"]["name"], request.query_params
        container = pod["spec"]["containers"][0]["name"]
        if query.get("container", container) != container:
            raise bad_request(f"container {query['container']} is not valid for pod {name}; it has {container}")
        if _flag(request, "previous"):
            raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        if pod["status"]["phase"] == "Pending":
            states = pod["status"].get("containerStatuses") or [{"state": {}}]
            waiting = states[0]["state"].get("waiting", {}).get("reason", "not scheduled yet")
            raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {waiting}')
        since = _number(request, "sinceSeconds")
        if since is None and "sinceTime" in query:
            since = math.ceil(_age(query["sinceTime"]))
        options = LogOptions(
            follow=_flag(request, "follow"),
            timestamps=_flag(request, "timestamps"),
            tail_lines=_number(request, "tailLines"),
            since_seconds=since,
            limit_bytes=_number(request, "limitBytes"),
        )
        path = self._store.folder(pod) / "log"
        return StreamingResponse(read_log(path, options, self._ended(pod)), media_type="text/plain")

    def _ended(self, pod: Json) -> Callable[[], bool]:
        namespace, name, uid = (pod["metadata"][field] for field in ("namespace", "name", "uid"))

        def ended() -> bool:
            if not self._store.exists(namespace, name):
                return True
            known = self._store.pod(namespace, name)
            return known["metadata"]["uid"] != uid or known["status"]["phase"] in status.TERMINAL

        return ended

    def _list(self, request: Request, kind: Kind) -> Response:
        query = request.query_params
        labels = selectors.label_matcher(query.get("labelSelector", ""))
        fields = selectors.field_matcher(query.get("fieldSelector", ""), _SELECTABLE[kind])
        namespace = self._namespace(request) if "namespace" in request.path_params else None

        def matches(item: Json) -> bool:
            return (namespace in (None, item["metadata"]["namespace"])) and labels(item) and fields(item)

        if _flag(request, "watch"):
            since = _number(request, "resourceVersion") or 0
            timeout = float(_number(request, "timeoutSeconds") or LONGEST_WATCH)
            return StreamingResponse(
                watch.stream(self._store, kind, matches, since, timeout), media_type="application/json"
            )
        items = [item for item in self._store.items(kind) if matches(item)]
        metadata = {"resourceVersion": str(self._store.version)}
        return JSONResponse({"kind": _LISTS[kind], "apiVersion": "v1", "metadata": metadata, "items": items})

    def _namespace(self, request: Request) -> str:
        namespace: str = request.path_params["namespace"]
        check_namespace(namespace)
        return namespace

    def _pod(self, request: Request) -> Json:
        return self._store.pod(self._namespace(request), request.path_params["name"])


async def _body(request: Request) -> Json:
    content = await _content(request)
    if not isinstance(content, dict):
        raise bad_request("the body must be a JSON object")
    return content


async def _content(request: Request) -> Any:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise ApiError(413, "RequestEntityTooLarge", f"the limit is {LARGEST_BODY} bytes")
    try:
        return json.loads(body or b"{}")
    except ValueError as error:
        raise bad_request(f"the body is not JSON: {error}") from error


def _flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in ("1", "true")


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    if text and not text.isdecimal():
        raise bad_request(f"{name} must be a whole number, 0 or more, not {text!r}")
    return int(text) if text else None


def _age(timestamp: str) -> float:
    try:
        return seconds_since(timestamp)
    except (ValueError, TypeError) as error:
        raise bad_request(f"sinceTime is not an RFC 3339 time: {error}") from error
