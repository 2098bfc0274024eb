"""Brings a version to the server beside the others, without traffic."""

from pathlib import Path
from typing import Any

from shamal.providers.triton import golden as goldens
from shamal.providers.triton.errors import (
    DigestMismatch,
    GoldenMismatch,
    InvalidDeployment,
    ModelLoadFailed,
)
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.repository import sha256 as digest_of
from shamal.providers.triton.repository import version_model


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
