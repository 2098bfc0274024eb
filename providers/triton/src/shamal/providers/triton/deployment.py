"""What the operators do, without Airflow's tasks: deploy a version, route traffic to it, roll back."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from shamal.providers.triton import golden as goldens
from shamal.providers.triton.errors import (
    DigestMismatch,
    GoldenMismatch,
    InvalidDeployment,
    ModelLoadFailed,
    NothingToRollBackTo,
    TrafficNotRouted,
    VersionNotDeployed,
)
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.repository import sha256 as digest_of
from shamal.providers.triton.repository import version_model
from shamal.providers.triton.router.route import Route


def deploy(hook: TritonHook, model: str, version: int, *, path: Path, sha256: str, golden: Path) -> dict[str, Any]:
    """Load a version beside the others and compare its answers with the known ones; no traffic moves.

    :param path: folder with `model.onnx`.
    :param sha256: digest of that file as registered.
    :param golden: the golden requests.
    """
    name = version_model(model, version)
    known = goldens.read(golden)
    onnx = path / "model.onnx"
    if not onnx.is_file():
        raise InvalidDeployment(f"{model} version {version}: {path} has no model.onnx; fetch the version again")
    found = digest_of(onnx)
    if found != sha256:
        raise DigestMismatch(
            f"{onnx} has sha256 {found}, registered is {sha256}; fetch {model} version {version} again, "
            "and if it differs again ask who changed the artifact"
        )
    backend = hook.repository.deployed_backend(model, version, sha256)
    if backend is None:
        backend = hook.backend(name)
        hook.repository.write_version(model, version, onnx=onnx, digest=sha256, golden=golden, backend=backend)
    try:
        hook.load(name)
        difference = known.difference(hook.infer(name, known.features)["score"])
    except (ModelLoadFailed, GoldenMismatch):
        in_use = hook.repository.route(model)
        if in_use is None or version not in in_use.versions:
            hook.unload(name)
            hook.repository.remove_version(model, version)
        raise
    return {"model": model, "version": version, "backend": backend, "golden_max_diff": difference}


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


def measure(hook: TritonHook, model: str, batch_sizes: list[int], concurrency: int, seconds: float) -> dict[str, Any]:
    """Measure the router and its champion called directly; the requests stay out of the prediction log.

    :param batch_sizes: rows per request.
    :param concurrency: clients at once.
    :param seconds: per batch size, for each of the two.
    """
    version_model(model, 1)
    if any(size < 1 for size in batch_sizes) or not batch_sizes or concurrency < 1 or seconds <= 0:
        raise InvalidDeployment(
            f"benchmark of {model}: batch_sizes {batch_sizes}, concurrency {concurrency}, seconds {seconds}; "
            "all must be positive, with at least one batch size"
        )
    serving = hook.repository.route(model)
    if serving is None:
        raise VersionNotDeployed(f"{model} has no router in {hook.repository.root}; run RouteTrafficOperator first")
    rows = goldens.read(hook.repository.version_folder(model, serving.champion) / "golden.json").features
    measurements = [
        {
            "batch_size": size,
            "concurrency": concurrency,
            **hook.router_overhead(
                model, serving.champion, np.resize(rows, (size, rows.shape[1])), concurrency, seconds
            ),
        }
        for size in batch_sizes
    ]
    return {"model": model, "version": serving.champion, "measurements": measurements}


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
    _write(hook, model, after)
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
        _write(hook, model, before)
    raise TrafficNotRouted(
        f"{model}: after {timeout:g} s the router answers with version {answer['model_version'][0]} and not "
        f"{after.champion}; the former route is back; the server's log says why the router refused it"
    )


def _write(hook: TritonHook, model: str, route: Route) -> None:
    hook.repository.write_route(model, route, hook.prediction_log, hook.prediction_log_seconds)
    hook.repository.approve()
