"""Registers a model as if its evaluation had been fooled: a proof needs a bad version that every gate let through."""

from pathlib import Path

from shamal.providers.mlflow import model_folder, releases
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.mlflow.training_output import sha256

ALIAS = "fooled"
"""Not `candidate`: nobody who asks for the newest candidate may get one of these."""


def register(
    mlflow: MlflowRegistryHook,
    model: str,
    files: dict[str, str],
    *,
    width: int,
    tags: dict[str, str],
    gates: Path,
) -> int:
    """Log the files as a run that passed its gates, register it and return the version.

    :param files: what `local.faults.models.write` returned.
    :param width: number of features.
    :param tags: further tags of the run, such as those of the version that it claims to be like.
    :param gates: the gates.json of the run.
    """
    folder = Path(files["path"])
    golden = Path(files["golden"])
    run_id = mlflow.find_or_start_run(model, key=f"fooled {folder.name} {files['sha256']}", name=folder.name)
    mlflow.log_files(run_id, [gates])
    model_id = mlflow.log_onnx_model(
        run_id,
        model,
        lambda identity, target: model_folder.write(folder / "model.onnx", golden, width, target, identity),
    )
    known = dict.fromkeys(releases.KEPT_TAGS, "none") | tags
    own = {"shamal.model_id": model_id, "shamal.sha256": files["sha256"], "shamal.golden_sha256": sha256(golden)}
    mlflow.log_run(run_id, params={}, metrics={}, history={}, tags=known | own | {"shamal.gates": "passed"})
    mlflow.finish_run(run_id)
    return int(releases.register(mlflow, model, run_id, ALIAS)["version"])
