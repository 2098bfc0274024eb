"""Registers evaluated runs and fetches verified versions."""

import tempfile
from pathlib import Path
from typing import Any

from shamal.providers.mlflow.errors import DigestMismatch, GateDenied
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.mlflow.model_folder import GOLDEN, ONNX, require_plain_onnx
from shamal.providers.mlflow.training_output import sha256

# File of a model folder -> tag of its version with the file's digest.
DIGEST_TAGS = {ONNX: "shamal.sha256", GOLDEN: "shamal.golden_sha256"}
KEPT_TAGS = (*DIGEST_TAGS.values(), "shamal.snapshot_id", "shamal.training_set", "shamal.training_set_digest")


def register(hook: MlflowRegistryHook, model: str, run_id: str, alias: str) -> dict[str, Any]:
    """Make the run's version, tagged with its digests, and return its reference.

    :raises GateDenied: the run did not pass its gates.
    """
    tags = hook.run_tags(run_id)
    gates = tags.get("shamal.gates", "never judged")
    if gates != "passed":
        raise GateDenied(f"run {run_id} of model {model!r} cannot be registered, its gates: {gates}; train again")
    version = hook.register(model, run_id, tags["shamal.model_id"], {name: tags[name] for name in KEPT_TAGS}, alias)
    return {"model": model, "version": version, "run_id": run_id, "sha256": tags["shamal.sha256"]}


def fetch(hook: MlflowRegistryHook, model: str, destination: str, *, alias: str, version: int | None) -> dict[str, Any]:
    """Download a version, verify it, and only then let it appear under its final name.

    The reference also names the folder of the training set it came from, and the champion of the moment.
    """
    found = hook.find_version(model, alias=alias, version=version)
    folder = Path(destination) / model / str(found["version"])
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as scratch:
            fresh = hook.download_model(found["source"], Path(scratch))
            verify(fresh, model, found)
            fresh.rename(folder)
    verify(folder, model, found)  # also what an earlier task fetched: it may have been altered since
    return {
        "model": model,
        "version": found["version"],
        "run_id": found["run_id"],
        "path": str(folder),
        "sha256": found["tags"]["shamal.sha256"],
        "golden": str(folder / GOLDEN),
        "training_set": found["tags"]["shamal.training_set"],
        "champion": hook.alias_version(model, "champion"),
    }


def verify(folder: Path, model: str, found: dict[str, Any]) -> None:
    """Refuse a folder that is not plain ONNX or whose files differ from the version's digests.

    :raises UnsafeArtifact: it holds something else than plain ONNX.
    :raises DigestMismatch: a file is missing or differs.
    """
    require_plain_onnx(folder)
    for name, tag in DIGEST_TAGS.items():
        recorded = found["tags"].get(tag, "no digest")
        actual = sha256(folder / name) if (folder / name).is_file() else "no file"
        if actual != recorded:
            raise DigestMismatch(
                f"{name} of model {model!r} version {found['version']} has {actual}, registered was {recorded}; "
                "do not serve it: find out who changed the artifact store, and train again"
            )
