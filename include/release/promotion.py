"""Promotion and rollback as one transaction over the serving router, the registry's alias and the journal.

Which version answers requests is the truth: the route in Triton's model repository. The alias `champion` follows it.

intent → route → alias → journal → intent taken away

A crash at any point leaves the old champion or the new one, and the intent says which change was under way; the retry
of the task or the reconciler (`include/release/reconcile.py`) finishes it.
"""

import logging
from typing import Any

from shamal.providers.mlflow.errors import (
    AliasConflict,
    MlflowProviderError,
    MlflowUnavailable,
    PromotionInProgress,
    VersionNotFound,
)
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.triton import traffic
from shamal.providers.triton.errors import ChampionChanged, ReleaseOvertaken
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.releases import Releases

ALIAS = "champion"

log = logging.getLogger(__name__)


def promote(
    triton: TritonHook,
    mlflow: MlflowRegistryHook,
    model: str,
    version: int,
    expected: int | None,
    *,
    by: str,
    reason: str,
) -> dict[str, Any]:
    """Make a deployed version the champion if `expected` still is it; a second call finds it done.

    :param version: registered, and brought to Triton by DeployModelOperator.
    :param expected: the champion that the version was compared with; None for none yet.
    :param by: who approved it, for the journal.
    :param reason: why, for the journal.
    :return: model, version, previous, and the generation of the route.
    :raises AliasConflict: the registry's alias points elsewhere, in time or meanwhile; the route is as before.
    :raises ChampionChanged: another version answers than `expected`; nothing was changed.
    :raises ReleaseUnderWay: another promotion of the model has begun; the task retries.
    :raises ReleaseOvertaken: this one stood still and another process finished or undid it; the task retries.
    :raises MlflowUnavailable: nothing was changed; or the traffic has moved and the alias is owed.
    """
    releases = Releases(triton.repository, model)
    left_behind = releases.intent()
    if left_behind and left_behind.stale:
        log.warning("%s: the %s was left behind: %s", model, left_behind, traffic.settle(triton, model, left_behind))
    if restored := releases.restore():
        log.warning("%s: the route was changed by hand; version %s is back", model, restored[1].champion)
    if _is_champion(releases, version):
        follow(triton, mlflow, model, version)
        return _reference(releases)
    _require_expected(releases, mlflow, version, expected)
    intent = traffic.begin(triton, model, version, by=by, reason=reason)
    if intent is not None:
        traffic.switch(triton, model, intent)
        try:
            mlflow.promote(model, version, expected, ALIAS, fence=lambda: releases.require(intent))
        except (AliasConflict, VersionNotFound) as error:
            traffic.undo(triton, model, intent, str(error))
            raise
        traffic.finish(triton, model, intent)
    return _reference(releases)


def rollback(
    triton: TritonHook,
    mlflow: MlflowRegistryHook,
    model: str,
    version: int | None = None,
    *,
    by: str,
    reason: str,
) -> dict[str, Any]:
    """Give all traffic back to the previous version, then let the alias follow; a second call finds it done.

    :param version: only when this version is the champion; otherwise nothing changes.
    Trouble with the registry is no reason to fail: the alias is owed then, and the reconciler pays.

    :return: model, champion, previous, rolled_back, and `owed`: the alias, or nothing.
    :raises NothingToRollBackTo: no version served before.
    """
    state = traffic.rollback(triton, model, version, by=by, reason=reason)
    try:
        follow(triton, mlflow, model, state["champion"])
    except (MlflowUnavailable, PromotionInProgress, MlflowProviderError, ReleaseOvertaken) as error:
        log.warning("%s: the alias %s is owed to version %s: %s", model, ALIAS, state["champion"], error)
        return state | {"owed": [ALIAS]}
    return state | {"owed": []}


def _is_champion(releases: Releases, version: int) -> bool:
    committed, route = releases.committed(), releases.repository.route(releases.model)
    if releases.intent() or committed is None or route is None:
        return False
    return committed.champion == route.champion == version


def _require_expected(releases: Releases, mlflow: MlflowRegistryHook, version: int, expected: int | None) -> None:
    """Refuse before anything moves what the end of the transaction would refuse."""
    model, route = releases.model, releases.repository.route(releases.model)
    allowed = (expected, version) if releases.intent() else (expected,)
    alias = mlflow.alias_version(model, ALIAS)
    mlflow.find_version(model, version=version)
    if alias not in allowed:
        raise AliasConflict(
            f"alias {ALIAS!r} of model {model!r} points to version {alias}, expected {expected}; version {version} was "
            f"not promoted: compare it with version {alias} and release it again"
        )
    if route is not None and route.champion not in allowed:
        raise ChampionChanged(
            f"{model}: version {route.champion} answers requests, version {version} was compared with {expected}; it "
            f"was not promoted: compare it with version {route.champion} and release it again"
        )


def follow(triton: TritonHook, mlflow: MlflowRegistryHook, model: str, champion: int) -> int | None:
    """Point the alias at the version that answers; return what it pointed at before.

    :raises ReleaseOvertaken: another version answers by now; the alias was left alone.
    """

    def still_answers() -> None:
        route = triton.repository.route(model)
        if route is None or route.champion != champion:
            raise ReleaseOvertaken(f"{model}: version {champion} is the champion no more; the alias was left alone")

    return mlflow.point(model, champion, ALIAS, fence=still_answers)


def _reference(releases: Releases) -> dict[str, Any]:
    route = releases.committed()
    if route is None:
        raise ReleaseOvertaken(f"{releases.model}: the promotion was undone by another process")
    return {
        "model": releases.model,
        "version": route.champion,
        "previous": route.previous,
        "generation": route.generation,
    }
