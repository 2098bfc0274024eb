"""Cluster policies: what a DAG that carries a tag `model:<name>` must say about itself. Other DAGs are left alone."""

import re
from collections.abc import Iterator
from typing import Any

from airflow.configuration import conf
from airflow.policies import hookimpl

from shamal.providers.governance import dag_tags, pods, residency
from shamal.providers.governance.errors import DagRefused, PodRefused

CLASSIFICATIONS = ("public", "internal", "confidential", "restricted")
_URI = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")


@hookimpl
def dag_policy(dag: Any) -> None:
    """Refuse a DAG of a model that lacks an owner, tags, documentation, retries or time limits, or leaves its region.

    :raises DagRefused: lists every broken rule
    :raises ResidencyFileRefused: there are no rules to judge by
    """
    if not dag_tags.values(dag.tags, "model"):
        return
    regions = _regions()
    broken = [*_about_dag(dag, sorted(regions))]
    for task in dag.tasks:
        broken += [f"task {task.task_id}: {rule}" for rule in _about_task(task)]
    for name in dag_tags.values(dag.tags, "residency"):
        if name in regions:
            broken += _outside(dag, name, regions[name])
    if broken:
        raise DagRefused(
            f"{dag.fileloc}: DAG {dag.dag_id} breaks {len(broken)} rule(s) for models: {'; '.join(broken)}. "
            f"Correct them in the file, or take its tag model:… away if it is no model's"
        )


@hookimpl
def pod_mutation_hook(pod: Any) -> None:
    """Refuse a model's pod that asks for power over its node or runs a foreign image, however it was put together.

    :raises PodRefused: lists what it asks for
    """
    tags = _tags_of_running_task()
    if not dag_tags.values(tags, "model"):
        return
    broken = [f"asks for {name}; no pod of a model may" for name in pods.forbidden(pod)]
    regions = _regions()
    for name in dag_tags.values(tags, "residency"):
        broken += [rule for image in pods.images(pod) for rule in _image_outside(image, name, regions[name])]
    if broken:
        raise PodRefused(f"pod {pod.metadata.name}: {'; '.join(broken)}. Correct the operator that makes it")


def _regions() -> dict[str, residency.Region]:
    return residency.load(conf.get("governance", "residency_file", fallback="")).regions


def _about_dag(dag: Any, regions: list[str]) -> Iterator[str]:
    yield from _exactly_one(dag, "classification", CLASSIFICATIONS)
    yield from _exactly_one(dag, "residency", regions)
    if not (dag.doc_md or "").strip():
        yield "doc_md is empty; describe what the DAG does and what to do when it fails"


def _exactly_one(dag: Any, kind: str, allowed: Any) -> Iterator[str]:
    given = dag_tags.values(dag.tags, kind)
    if len(given) != 1 or given[0] not in allowed:
        yield f"needs one tag {kind}:<x> with x one of {', '.join(allowed)}; has {', '.join(given) or 'none'}"


def _about_task(task: Any) -> Iterator[str]:
    if not task.owner or task.owner == "airflow":
        yield f"owner is {task.owner!r}; name the team that answers for it"
    if task.inherits_from_empty_operator:
        return
    if not task.retries:
        yield "retries is 0; give at least 1, a worker may be lost"
    # A person's answer has a time limit of its own.
    if task.execution_timeout is None and getattr(task, "response_timeout", None) is None:
        yield "execution_timeout is not set; say how long it may run"
    if given := pods.attributes(task):
        yield from (f"its pod asks for {name}; no pod of a model may" for name in pods.forbidden_in_task(given))


def _outside(dag: Any, name: str, region: residency.Region) -> Iterator[str]:
    for where, uri in _uris(dag):
        if not uri.startswith(tuple(region.uris)) or "/../" in uri:
            yield f"{where} {uri} is outside residency {name}, which has {', '.join(region.uris)}"
    for task in dag.tasks:
        image = (pods.attributes(task) or {}).get("image")
        if image and "{{" not in image:  # a template is judged when its pod is made
            yield from (f"task {task.task_id}: {rule}" for rule in _image_outside(image, name, region))


def _image_outside(image: str, name: str, region: residency.Region) -> Iterator[str]:
    if not image.startswith(tuple(region.images)):
        yield f"image {image} is outside residency {name}, which has {', '.join(region.images) or 'no images'}"


def _uris(dag: Any) -> Iterator[tuple[str, str]]:
    """Yield every address that the DAG names: of its assets, and in its tasks' templated fields."""
    for asset in _assets(getattr(dag.timetable, "asset_condition", None)):
        yield "asset", asset
    for task in dag.tasks:
        for asset in (*(task.inlets or ()), *(task.outlets or ())):
            yield from ((f"task {task.task_id}: asset", uri) for uri in _assets(asset))
        for field in task.template_fields:
            if isinstance(value := getattr(task, field, None), str) and _URI.match(value):
                yield f"task {task.task_id}: {field}", value


def _assets(condition: Any) -> Iterator[str]:
    """Yield the addresses in an asset, or in a condition such as `a & (b | c)`; a name alone is no address."""
    if _URI.match(uri := str(getattr(condition, "uri", ""))):
        yield uri
    for part in getattr(condition, "objects", ()):
        yield from _assets(part)


def _tags_of_running_task() -> list[str]:
    """Return the tags of the DAG whose task runs here; none in the scheduler, which makes worker pods."""
    from airflow.sdk import get_current_context

    try:
        return list(get_current_context()["dag"].tags)
    except RuntimeError:
        return []
