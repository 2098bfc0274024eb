"""Finds where registry, router and Triton contradict each other, and repairs what can be repaired.

The truth is what the journal says last: the version that a finished promotion or rollback left as champion.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from airflow.sdk.exceptions import AirflowException

from include.release import promotion
from shamal.providers.mlflow.errors import MlflowUnavailable
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.triton import releases, traffic
from shamal.providers.triton.errors import ReleaseOvertaken, TritonUnavailable
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.releases import Releases
from shamal.providers.triton.repository import version_model
from shamal.providers.triton.router.route import Route

BY = "reconciler"
CONFIRM_SECONDS = 5.0
UNUSED_SECONDS = 3600.0
"""Age from which a loaded version that no route names is no deployment on its way to its canary any more."""

log = logging.getLogger(__name__)


class NothingChecked(AirflowException):
    """Neither Triton nor MLflow answers."""


@dataclass(frozen=True)
class Finding:
    """One contradiction.

    :param model: registered name; empty when it is about a whole server.
    :param found: what was wrong.
    :param action: what was done about it; empty when nothing could be.
    """

    model: str
    found: str
    action: str = ""


def reconcile(triton: TritonHook, mlflow: MlflowRegistryHook) -> list[dict[str, Any]]:
    """Check every served model, repair, log each finding as a warning, and return the findings.

    Repairs go into the model's journal. A change that is under way is left alone for 30 s.

    :return: dicts of model, found and action; an empty action is a report only.
    :raises NothingChecked: neither server answers; the files were repaired all the same.
    """
    repository = triton.repository
    models = [Releases(repository, model) for model in releases.models(repository)]
    findings = [*_each(models, lambda model: _routes(triton, model), TritonUnavailable)]
    findings += _approved(triton)
    in_triton = list(_each(models, lambda model: _server(triton, model), TritonUnavailable))
    in_mlflow = list(_each(models, lambda model: _registry(triton, mlflow, model), MlflowUnavailable))
    findings += in_triton + in_mlflow
    for finding in findings:
        log.warning("%s: %s; %s", finding.model or "all models", finding.found, finding.action or "NOT repaired")
    if models and all(any(not found.model for found in part) for part in (in_triton, in_mlflow)):
        raise NothingChecked(f"{in_triton[-1].found}; {in_mlflow[-1].found}")
    return [asdict(finding) for finding in findings]


def _each(
    models: list[Releases], check: Callable[[Releases], Iterator[Finding]], away: type[AirflowException]
) -> Iterator[Finding]:
    """Check one model after the other; what one of them raises stops no other, a server that is away stops all."""
    for model in models:
        try:
            yield from check(model)
        except away as error:
            yield Finding("", str(error))
            return
        except ReleaseOvertaken:  # somebody is changing this model right now
            continue
        except AirflowException as error:
            yield Finding(model.model, str(error))


def _routes(triton: TritonHook, model: Releases) -> Iterator[Finding]:
    """Finish what was left behind; put a route back that was changed by hand."""
    intent = model.intent()
    if intent and intent.stale:
        yield Finding(model.model, f"the {intent} was left behind", traffic.settle(triton, model.model, intent))
    if restored := model.restore():
        found, route = restored
        what = f"champion {found.champion}, previous {found.previous}" if isinstance(found, Route) else found or "gone"
        before = found.champion if isinstance(found, Route) else None
        yield _repaired(model, route, before, f"router.json was changed by hand: {what}", "the last release is back")


def _approved(triton: TritonHook) -> Iterator[Finding]:
    before = set(triton.repository.approved())
    after = set(triton.repository.approve())
    if before != after:
        found = f"approved.json lacked {sorted(after - before)} and had {sorted(before - after)} too many"
        yield Finding("", found, "written again")


def _server(triton: TritonHook, model: Releases) -> Iterator[Finding]:
    """Load what the route needs, unload what nothing needs, and let the router answer known requests."""
    route = _settled(model)
    if route is None:
        return
    loaded = triton.loaded_models()
    needed = [*(version_model(model.model, version) for version in route.versions), model.model]
    for name in needed:
        if name not in loaded:
            triton.load(name)
            yield _repaired(model, route, route.champion, f"{name} was not loaded", "loaded")
    for name in sorted(loaded - set(needed)):
        if name.startswith(f"{model.model}__v") and _unused(triton, model, name):
            triton.unload(name)
            yield _repaired(model, route, route.champion, f"{name} was loaded, no route names it", "unloaded")
    if len(route.shares(time.time())) == 1:
        traffic.confirm(triton, model.model, route.champion, CONFIRM_SECONDS)


def _registry(triton: TritonHook, mlflow: MlflowRegistryHook, model: Releases) -> Iterator[Finding]:
    """Let the alias follow the version that answers."""
    route = _settled(model)
    if route is None:
        return
    if model.committed() is None:
        yield Finding(model.model, f"version {route.champion} answers, and no release made it champion: release one")
        return
    alias = mlflow.alias_version(model.model, promotion.ALIAS)
    if alias != route.champion:
        promotion.follow(triton, mlflow, model.model, route.champion)
        last = next(entry for entry in reversed(model.journal()) if entry["action"] != "repair")
        owed = alias == last["from"]
        why = f"was owed since the {last['action']} by {last['by']}" if owed else "was moved by hand"
        found = f"alias {promotion.ALIAS} pointed to version {alias}, it {why}"
        yield _repaired(model, route, alias, found, f"it points to version {route.champion}, which answers")


def _settled(model: Releases) -> Route | None:
    """Return the route of a model that nobody is changing."""
    return None if model.intent() else model.repository.route(model.model)


def _unused(triton: TritonHook, model: Releases, name: str) -> bool:
    root = triton.repository.root
    if (root / model.model / "canary.json").exists():
        return False
    folder = root / name
    return not folder.exists() or time.time() - folder.stat().st_mtime > UNUSED_SECONDS


def _repaired(model: Releases, route: Route, before: int | None, found: str, action: str) -> Finding:
    model.repaired(before, route.champion, BY, f"{found}; {action}", route.generation)
    return Finding(model.model, found, action)
