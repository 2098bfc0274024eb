"""Moves a model's traffic to a deployed version, and back."""

import time
from typing import Any

from shamal.providers.triton import golden as goldens
from shamal.providers.triton.errors import NothingToRollBackTo, TrafficNotRouted
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.repository import version_model
from shamal.providers.triton.router.route import Route


def route(hook: TritonHook, model: str, version: int, timeout: float = 30.0) -> dict[str, Any]:
    """Give all traffic of the model to a deployed version and wait until the router answers with it.

    :param timeout: seconds.
    """
    hook.repository.version_folder(model, version)
    before = hook.repository.route(model)
    if before is None or before.champion != version:
        after = Route(version, before.champion if before else None, {version: 1.0})
    else:
        after = Route(version, before.previous, {version: 1.0})
    _switch(hook, model, before, after, timeout)
    for old in hook.repository.versions(model):
        if old < min(after.versions):
            hook.unload(version_model(model, old))
    return {"model": model, "champion": version, "previous": after.previous}


def rollback(hook: TritonHook, model: str, version: int | None = None, timeout: float = 30.0) -> dict[str, Any]:
    """Give all traffic back to the previous version; a second call finds it done.

    Needs Triton and the model repository, nothing else.

    :param version: only when this version is the champion; otherwise nothing changes.
    :param timeout: seconds.
    """
    version_model(model, 1)
    before = hook.repository.route(model)
    if before is None:
        raise NothingToRollBackTo(f"{model} has no router in {hook.repository.root}; deploy and route a version first")
    if version is not None and version not in (before.champion, before.rolled_back):
        return _state(model, before)
    if before.previous is None and before.rolled_back is None:
        raise NothingToRollBackTo(
            f"{model} has served version {before.champion} only; deploy another version and route traffic to it"
        )
    after = before
    if before.previous is not None:
        after = Route(before.previous, None, {before.previous: 1.0}, rolled_back=before.champion)
    _switch(hook, model, before, after, timeout)
    if after.rolled_back is not None:
        hook.unload(version_model(model, after.rolled_back))
    return _state(model, after)


def _state(model: str, route: Route) -> dict[str, Any]:
    return {
        "model": model,
        "champion": route.champion,
        "previous": route.previous,
        "rolled_back": route.rolled_back,
    }


def _switch(hook: TritonHook, model: str, before: Route | None, after: Route, timeout: float) -> None:
    """Write the route and wait for the router; when it does not follow, put the former route back."""
    repository = hook.repository
    for version in after.versions:
        if not hook.ready(version_model(model, version)):
            hook.load(version_model(model, version))
    after = _write(hook, model, before, after)
    if not hook.ready(model):
        hook.load(model)
    known = goldens.read(repository.version_folder(model, after.champion) / "golden.json")
    deadline = time.monotonic() + timeout
    while True:
        answer = hook.infer(model, known.features, log=False)
        if set(answer["model_version"].tolist()) == {after.champion}:
            known.difference(answer["score"])
            return
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    if before is not None:
        _write(hook, model, after, before)
    raise TrafficNotRouted(
        f"{model}: after {timeout:g} s the router answers with version {answer['model_version'][0]} and not "
        f"{after.champion}; the former route is back; the server's log says why the router refused it"
    )


def _write(hook: TritonHook, model: str, before: Route | None, after: Route) -> Route:
    route = hook.repository.write_route(model, before, after, hook.prediction_log, hook.prediction_log_seconds)
    hook.repository.approve()
    return route
