"""Moves a model's traffic to a deployed version, and back; each move is one transaction.

intent → router.json (compare and swap) → the router answers with it → journal → intent taken away

`route` does all of it. A caller that must do something of its own before the change counts, such as moving an alias of
a registry, calls `begin`, `switch` and `finish`, or `undo`. Whatever is left of a caller that died, `settle` finishes.
"""

import time
from typing import Any

from shamal.providers.triton import golden as goldens
from shamal.providers.triton.errors import (
    GoldenMismatch,
    ModelLoadFailed,
    NothingToRollBackTo,
    RouteChanged,
    TrafficNotRouted,
)
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.releases import Intent, Releases
from shamal.providers.triton.repository import version_model
from shamal.providers.triton.router.route import Route

ROLLBACK_ATTEMPTS = 5


def route(
    hook: TritonHook, model: str, version: int, *, by: str = "unknown", reason: str = "not given", timeout: float = 30.0
) -> dict[str, Any]:
    """Give all traffic of the model to a deployed version and wait until the router answers with it.

    :param by: who wants it, for the journal.
    :param reason: why, for the journal.
    :param timeout: seconds.
    :raises ReleaseUnderWay: another change of the model has begun.
    """
    intent = begin(hook, model, version, by=by, reason=reason)
    if intent is not None:
        switch(hook, model, intent, timeout)
        finish(hook, model, intent)
    return _state(hook, model, "champion", "previous")


def begin(hook: TritonHook, model: str, version: int, *, by: str, reason: str) -> Intent | None:
    """Announce that the version becomes the champion; None when it is that already, by a finished change.

    :raises VersionNotDeployed: the version has no folder.
    :raises ReleaseUnderWay: another change of the model has begun.
    """
    repository, releases = hook.repository, Releases(hook.repository, model)
    repository.version_folder(model, version)
    releases.restore()
    current = repository.route(model)
    committed = releases.committed() or (current and releases.adopt(current))
    if releases.intent() is None and current and committed and current.champion == committed.champion == version:
        return None
    return releases.begin("promote", current, version, by, reason)


def switch(hook: TritonHook, model: str, intent: Intent, timeout: float = 30.0) -> None:
    """Write the route and wait for the router; when it does not follow, put the former route back.

    :param timeout: seconds.
    :raises RouteChanged: somebody else wrote the route since `begin`; nothing was written.
    :raises TrafficNotRouted: the router did not follow; the change is undone, as after the next two.
    :raises GoldenMismatch: the router's answers differ from the known ones.
    :raises ModelLoadFailed: Triton cannot load the version.
    """
    try:
        if not intent.switched(hook.repository.route(model)):
            _move(hook, model, intent)
        hook.repository.approve()
        confirm(hook, model, intent.target, timeout)
    except RouteChanged:
        Releases(hook.repository, model).drop(intent)
        raise
    except (TrafficNotRouted, GoldenMismatch, ModelLoadFailed) as error:
        undo(hook, model, intent, str(error))
        raise


def _move(hook: TritonHook, model: str, intent: Intent) -> None:
    current = hook.repository.route(model)
    if (current.generation if current else 0) != intent.generation:
        raise RouteChanged(
            f"the route of {model} is at generation {current and current.generation}, this change began at "
            f"{intent.generation}; nothing was written: start it again"
        )
    after = Route(intent.target, intent.origin, {intent.target: 1.0})
    for version in after.versions:
        if not hook.ready(version_model(model, version)):
            hook.load(version_model(model, version))
    Releases(hook.repository, model).require(intent)
    hook.repository.write_route(model, current, after, hook.prediction_log, hook.prediction_log_seconds)


def finish(hook: TritonHook, model: str, intent: Intent) -> dict[str, Any]:
    """Make the change final: write it into the journal, return its line, unload what is older than the predecessor.

    :raises ReleaseOvertaken: somebody else took over.
    """
    entry = Releases(hook.repository, model).finish(intent)
    current = hook.repository.route(model)
    for old in hook.repository.versions(model):
        if current and old < min(current.versions):
            hook.unload(version_model(model, old))
    return entry


def undo(hook: TritonHook, model: str, intent: Intent, why: str) -> None:
    """Put the route from before the change back and take its intent away.

    Where the change had not reached the route, the route gets a new generation all the same: its owner, if it only
    stood still, is refused when it wakes up. A model's very first router goes: nothing served before it.

    :raises ReleaseOvertaken: somebody else took over.
    """
    releases = Releases(hook.repository, model)
    current, former = hook.repository.route(model), releases.committed()
    releases.require(intent)
    if current is not None and not intent.switched(current):
        _write(hook, model, current, current)
    elif current is not None and former is None:
        hook.unload(model)
        hook.repository.remove_router(model)
        hook.repository.approve()
    elif current is not None and former is not None:
        back = _write(hook, model, current, former)
        releases.repaired(intent.target, back.champion, intent.by, f"promotion undone: {why}", back.generation)
    releases.drop(intent)


def settle(hook: TritonHook, model: str, intent: Intent) -> str:
    """Finish a change that was left behind: forward when its route is written, back when not; say what was done.

    :raises ReleaseOvertaken: somebody else was faster.
    :raises TritonUnavailable: the router cannot be asked whether it follows; the intent stays.
    """
    releases = Releases(hook.repository, model)
    mine = releases.take_over(intent)
    if not mine.switched(hook.repository.route(model)):
        undo(hook, model, mine, "left behind")
        return "taken away, it had changed nothing"
    if mine.action == "promote":
        try:
            switch(hook, model, mine)
        except (TrafficNotRouted, GoldenMismatch, ModelLoadFailed) as error:
            return f"undone: {error}"
    hook.repository.approve()
    releases.finish(mine)
    return "finished, its route was written"


def rollback(
    hook: TritonHook,
    model: str,
    version: int | None = None,
    *,
    by: str = "unknown",
    reason: str = "not given",
    timeout: float = 30.0,
) -> dict[str, Any]:
    """Give all traffic back to the previous version; a second call finds it done.

    Needs the model repository, nothing else: with the server away, the server's next start finds it done. Takes the
    place of a promotion that is under way. A route that was changed by hand is put back instead.

    :param version: only when this version is the champion; otherwise nothing changes.
    :param by: who wants it, for the journal.
    :param reason: why, for the journal.
    :param timeout: seconds to wait for the router.
    :raises TrafficNotRouted: the router does not follow; the route stays as it was asked for.
    """
    version_model(model, 1)
    repository, releases = hook.repository, Releases(hook.repository, model)
    if restored := releases.restore():
        repository.approve()
        releases.repaired(None, restored[1].champion, by, f"changed by hand, {reason}", restored[1].generation)
    before = repository.route(model)
    if before is None:
        raise NothingToRollBackTo(f"{model} has no router in {repository.root}; deploy and route a version first")
    if version is not None and version not in (before.champion, before.rolled_back):
        return _state(hook, model)
    if before.previous is None and before.rolled_back is None and not restored:
        raise NothingToRollBackTo(
            f"{model} has served version {before.champion} only; deploy another version and route traffic to it"
        )
    if before.previous is not None and not restored:
        _roll_back(hook, model, before, by, reason)
    if hook.server_live():
        after = repository.route(model) or before
        confirm(hook, model, after.champion, timeout)
        if after.rolled_back is not None:
            hook.unload(version_model(model, after.rolled_back))
    return _state(hook, model)


def _roll_back(hook: TritonHook, model: str, before: Route, by: str, reason: str) -> None:
    """Write the route and the journal; a canary that renews its share meanwhile is no reason to fail."""
    releases = Releases(hook.repository, model)
    for attempt in range(1, ROLLBACK_ATTEMPTS + 1):
        if before.previous is None:  # another rollback was faster
            return
        intent = releases.begin("rollback", before, before.previous, by, reason)
        after = Route(before.previous, None, {before.previous: 1.0}, rolled_back=before.champion)
        try:
            _write(hook, model, before, after)
        except RouteChanged:
            if attempt == ROLLBACK_ATTEMPTS:
                raise
            before = hook.repository.route(model) or before
            continue
        releases.finish(intent)
        return


def confirm(hook: TritonHook, model: str, champion: int, timeout: float) -> None:
    """Wait until the router answers the champion's golden requests as that version should.

    :param timeout: seconds.
    :raises TrafficNotRouted: it does not.
    """
    for name in (version_model(model, champion), model):
        if not hook.ready(name):
            hook.load(name)
    known = goldens.read(hook.repository.version_folder(model, champion) / "golden.json")
    deadline = time.monotonic() + timeout
    while True:
        answer = hook.infer(model, known.features, log=False)
        if set(answer["model_version"].tolist()) == {champion}:
            known.difference(answer["score"])
            return
        if time.monotonic() > deadline:
            raise TrafficNotRouted(
                f"{model}: after {timeout:g} s the router answers with version {answer['model_version'][0]} and not "
                f"{champion}; the server's log says why the router refused it"
            )
        time.sleep(0.1)


def _write(hook: TritonHook, model: str, before: Route | None, after: Route) -> Route:
    route = hook.repository.write_route(model, before, after, hook.prediction_log, hook.prediction_log_seconds)
    hook.repository.approve()
    return route


def _state(hook: TritonHook, model: str, *keys: str) -> dict[str, Any]:
    current = hook.repository.route(model)
    keys = keys or ("champion", "previous", "rolled_back")
    return {"model": model} | {key: getattr(current, key) for key in keys}
