"""The HTTP application: who may ask, which paths there are, and how a refusal looks."""

import asyncio
import hmac
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from local.pod_runner.errors import ApiError
from local.pod_runner.node import Node
from local.pod_runner.objects import Json
from local.pod_runner.pods import Pods
from local.pod_runner.store import Store

log = logging.getLogger(__name__)

OPEN_PATHS = ("/livez", "/readyz")
VERSION = {
    "major": "1",
    "minor": "33",
    "gitVersion": "v1.33.0-pod-runner",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "local",
}


def create_app(store: Store, node: Node, token: str) -> Starlette:
    """Return the application.

    :param store: the pods.
    :param node: what runs them; it works while the application does.
    :param token: the bearer token of every request but the health checks.
    """
    pods = Pods(store, node)
    one = "/api/v1/namespaces/{namespace}/pods/{name}"
    routes = [
        *(Route(path, _health) for path in OPEN_PATHS),
        *(Route(path, _document(content)) for path, content in _discovery().items()),
        Route("/api/v1/pods", pods.list_pods),
        Route("/api/v1/events", pods.list_events),
        Route("/api/v1/namespaces/{namespace}/pods", pods.list_pods),
        Route("/api/v1/namespaces/{namespace}/pods", pods.create, methods=["POST"]),
        Route("/api/v1/namespaces/{namespace}/events", pods.list_events),
        Route(one, pods.read),
        Route(one, pods.patch, methods=["PATCH"]),
        Route(one, pods.delete, methods=["DELETE"]),
        Route(f"{one}/status", pods.read),
        Route(f"{one}/log", pods.log),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        looking_after = asyncio.create_task(node.run())
        looking_after.add_done_callback(_end_with_the_node)
        yield
        looking_after.cancel()
        with suppress(asyncio.CancelledError):
            await looking_after

    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(BearerToken, token=token)],
        exception_handlers={ApiError: _refuse, HTTPException: _refuse_route},
    )


def _end_with_the_node(task: asyncio.Task[None]) -> None:
    """Stop the server when the node has failed: answering without running pods would hide it."""
    if not task.cancelled() and task.exception():
        log.error("the node has failed", exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)


class BearerToken:
    """Answers 401 to a request without the token.

    :param app: what answers the others.
    :param token: the token.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                error = ApiError(401, "Unauthorized", "Unauthorized")
                await JSONResponse(error.status, 401)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - the type this handler is registered for
    return JSONResponse(error.status, error.code)


async def _refuse_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the type this handler is registered for
    reasons = {404: "NotFound", 405: "MethodNotAllowed"}
    message = f"the pod runner does not serve {request.method} {request.url.path}"
    refusal = ApiError(error.status_code, reasons.get(error.status_code, "BadRequest"), message)
    return JSONResponse(refusal.status, refusal.code)


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")


def _document(content: Json) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return JSONResponse(content)

    return answer


def _discovery() -> dict[str, Json]:
    verbs = {
        "pods": ["create", "delete", "get", "list", "patch", "watch"],
        "pods/log": ["get"],
        "pods/status": ["get"],
        "events": ["list", "watch"],
    }
    resources = [
        {
            "name": name,
            "singularName": name.removesuffix("s") if "/" not in name else "",
            "namespaced": True,
            "kind": "Event" if name == "events" else "Pod",
            "verbs": allowed,
            "shortNames": {"pods": ["po"], "events": ["ev"]}.get(name, []),
        }
        for name, allowed in verbs.items()
    ]
    return {
        "/version": VERSION,
        "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": resources},
    }
