"""Brings a version to the server beside the others, without traffic."""

from pathlib import Path
from typing import Any

import numpy as np

from shamal.providers.triton import golden as goldens
from shamal.providers.triton.errors import (
    DigestMismatch,
    GoldenMismatch,
    InvalidDeployment,
    ModelLoadFailed,
    VersionConflict,
    WarmUpFailed,
)
from shamal.providers.triton.golden import Golden
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.repository import sha256 as digest_of
from shamal.providers.triton.repository import version_model
from shamal.providers.triton.router import settings
from shamal.providers.triton.router.settings import ServingSettings
from shamal.providers.triton.router.warm_up import p99_when_warm


def deploy(
    hook: TritonHook,
    model: str,
    version: int,
    *,
    path: Path,
    sha256: str,
    golden: Path,
    serving: ServingSettings | None = None,
) -> dict[str, Any]:
    """Load a version beside the others, compare its answers with the known ones and warm it up; no traffic moves.

    :param path: folder with `model.onnx`.
    :param sha256: digest of that file as registered.
    :param golden: the golden requests.
    :param serving: how it is served; None: the defaults.
    """
    name, serving = version_model(model, version), serving or ServingSettings()
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
    backend = _deployed_backend(hook, model, version, sha256, serving)
    if backend is None:
        backend = hook.backend(name)
        hook.repository.write_version(
            model, version, onnx=onnx, digest=sha256, golden=golden, backend=backend, serving=serving
        )
    try:
        hook.load(name)
        difference = known.difference(_scores(hook, name, known.features, serving.max_batch_rows))
        p99 = _warm_up(hook, name, known, serving.warm_up_p99_ms)
    except (ModelLoadFailed, GoldenMismatch, WarmUpFailed):
        if not _in_use(hook, model, version):
            _remove(hook, model, version)
        raise
    if hook.repository.renew_router(model, serving, hook.prediction_log, hook.prediction_log_seconds):
        hook.load(model)
    return {"model": model, "version": version, "backend": backend, "golden_max_diff": difference, "p99_ms": p99}


def _deployed_backend(hook: TritonHook, model: str, version: int, sha256: str, serving: ServingSettings) -> str | None:
    """Return the backend of a version that is in place as wanted; one with other settings is removed if it can be."""
    backend = hook.repository.deployed_backend(model, version, sha256)
    if backend is None:
        return None
    deployed = settings.read(hook.repository.version_folder(model, version))
    if deployed == serving:
        return backend
    if _in_use(hook, model, version):
        raise VersionConflict(
            f"{model} version {version} is in use with {deployed}, given was {serving}; a version in use never "
            "changes: register the file as a new version"
        )
    _remove(hook, model, version)
    return None


def _in_use(hook: TritonHook, model: str, version: int) -> bool:
    route = hook.repository.route(model)
    return route is not None and version in route.versions


def _remove(hook: TritonHook, model: str, version: int) -> None:
    hook.unload(version_model(model, version))
    hook.repository.remove_version(model, version)


def _scores(hook: TritonHook, name: str, features: Any, most_rows: int) -> Any:
    """Return the version's scores, asked in requests of the size that it takes."""
    size = most_rows or len(features)
    starts = range(0, len(features), size)
    return np.concatenate([hook.infer(name, features[start : start + size])["score"] for start in starts])


def _warm_up(hook: TritonHook, name: str, known: Golden, limit_ms: float) -> float:
    """Ask the golden rows one by one until the p99 keeps the limit; return it in milliseconds."""
    rows = known.features
    p99 = p99_when_warm(lambda number: hook.infer(name, rows[number % len(rows)][np.newaxis]), limit_ms)
    if p99 > limit_ms:
        raise WarmUpFailed(
            f"{name} answers one row with a p99 of {p99:.1f} ms however often it is asked, its limit is "
            f"{limit_ms:g} ms; make the model smaller, or raise serving.warm_up_p99_ms"
        )
    return p99
