"""Logs one evaluated model as one MLflow run."""

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shamal.providers.mlflow import model_folder, onnx_model
from shamal.providers.mlflow.evaluation import Evaluation
from shamal.providers.mlflow.hooks.mlflow import MlflowHook
from shamal.providers.mlflow.training_output import TrainingOutput, sha256
from shamal.providers.mlflow.training_set import TrainingSet


def log_evaluation(
    hook: MlflowHook,
    model: str,
    evaluation: Evaluation,
    *,
    output: TrainingOutput,
    training_set: TrainingSet,
    tags: Mapping[str, str],
) -> str:
    """Log params, losses, metrics, tags and artifacts; return the run id.

    A retry finds the run of its first attempt by what was trained and which task asked, and completes it.
    """
    training_digest = digest(output.onnx_sha256, training_set.digest)
    run_id = hook.find_or_start_run(
        model,
        key=digest(training_digest, *(tags[name] for name in sorted(tags) if name.startswith("airflow."))),
        name=f"{model} {training_digest[:8]}",
    )
    hook.log_run(
        run_id,
        params=output.params | {"features": len(training_set.features)},
        metrics=evaluation.all_metrics,
        history=output.losses,
        tags={
            **tags,
            "shamal.training_digest": training_digest,
            "shamal.training_set_digest": training_set.digest,
            "shamal.snapshot_id": training_set.snapshot_id,
            "shamal.training_set": str(training_set.folder),
        },
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        golden, verdicts = folder / model_folder.GOLDEN, folder / "gates.json"
        onnx_model.write_golden(golden, evaluation.golden)
        verdicts.write_text(json.dumps(evaluation.as_dict(), indent=1, allow_nan=False))
        described = training_set.folder / "training_set.json"
        trained = [output.folder / "training.json", output.folder / "weights.safetensors"]
        hook.log_files(run_id, [*trained, described, verdicts, golden])
        model_id = hook.log_onnx_model(
            run_id,
            model,
            lambda identity, target: model_folder.write(
                output.onnx, golden, len(training_set.features), target, identity
            ),
        )
        # Last, in one request: a run with these tags is complete, and only such a run can be registered.
        done = {
            "shamal.gates": "passed" if evaluation.passed else "denied",
            "shamal.model_id": model_id,
            "shamal.sha256": output.onnx_sha256,
            "shamal.golden_sha256": sha256(golden),
        }
    hook.log_run(run_id, params={}, metrics={}, history={}, tags=done)
    hook.finish_run(run_id)
    return run_id


def digest(*parts: str) -> str:
    """Return one SHA-256 for several texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def airflow_tags(context: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that lead from a run back to the task that made it."""
    ti = context["ti"]
    return {
        "airflow.dag_id": ti.dag_id,
        "airflow.run_id": ti.run_id,
        "airflow.task_id": ti.task_id,
        "airflow.map_index": str(ti.map_index),
    }


def git_commit(folder: str) -> str | None:
    """Return the commit that a folder's files belong to, or None outside a Git checkout."""
    try:
        found = subprocess.run(
            ["git", "-C", folder, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()
