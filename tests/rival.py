"""Another process that promotes: it races with its like, or dies in the middle. Forked from a server of its own."""

import multiprocessing
import os
from typing import Any

from include.release import promotion
from shamal.providers.mlflow.errors import AliasConflict, PromotionInProgress
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.triton import traffic
from shamal.providers.triton.errors import ChampionChanged, ReleaseOvertaken, ReleaseUnderWay, RouteChanged
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.releases import Releases
from shamal.providers.triton.repository import ModelRepository

REFUSALS = (AliasConflict, ChampionChanged, PromotionInProgress, ReleaseUnderWay, RouteChanged, ReleaseOvertaken)
# Triton's client does not survive a fork: children come from a process that never used one.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.rival", "mlflow", "tritonclient.http"])

STEPS: dict[str, tuple[Any, str]] = {
    "intent": (Releases, "begin"),
    "route": (ModelRepository, "write_route"),
    "approved set": (ModelRepository, "approve"),
    "router": (traffic, "confirm"),
    "lock": (MlflowRegistryHook, "_take"),
    "alias": (MlflowRegistryHook, "promote"),
    "journal": (Releases, "_append"),
    "end of the intent": (Releases, "_forget"),
}


def promote(name: str, version: int, expected: int | None) -> int | str:
    """Promote; return the version, or the refusal's name."""
    hooks = TritonHook(), MlflowRegistryHook()
    try:
        done = promotion.promote(*hooks, name, version, expected, by="ada", reason=f"release {version}")
    except REFUSALS as error:
        return type(error).__name__
    return int(done["version"])


def die(step: str, after: bool, name: str, version: int, expected: int | None) -> None:
    """Promote and die at a step, without any cleaning up."""
    owner, attribute = STEPS[step]
    real = getattr(owner, attribute)

    def last(*arguments: Any, **named: Any) -> None:
        if after:
            real(*arguments, **named)
        os._exit(9)

    setattr(owner, attribute, last)
    promote(name, version, expected)
