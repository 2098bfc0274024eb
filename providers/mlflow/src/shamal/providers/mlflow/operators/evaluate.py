"""Judges a trained model and logs what was found."""

import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from shamal.providers.mlflow import tracking
from shamal.providers.mlflow.errors import GateDenied
from shamal.providers.mlflow.evaluation import evaluate
from shamal.providers.mlflow.gates import champion, suite
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.mlflow.names import require_model
from shamal.providers.mlflow.training_output import load_training_output
from shamal.providers.mlflow.training_set import load_training_set

if TYPE_CHECKING:
    from airflow.sdk import Context


class EvaluateModelOperator(BaseOperator):
    """Measure an ONNX model, compare it with its gates and log one MLflow run.

    The task computes every metric itself from the evaluation set, trains a linear baseline on the same features,
    scores the champion on the same rows, times the model and feeds it odd rows. It fails when a gate says no, after
    everything was logged.

    :param model: model name; also the MLflow experiment. (templated)
    :param training_output: folder with model.onnx, weights.safetensors and training.json. (templated)
    :param training_set: folder with train.parquet, evaluation.parquet and training_set.json. (templated)
    :param task: `binary_classification` or `regression`.
    :param gates: gate to limit, such as `{"min_roc_auc": 0.6, "robust": True}`, and sections; see the README.
    :param approvers: user ids who may waive a gate; the task's own `owner` may not, nor who started the run.
    :param tags: further tags of the run. (templated)
    :param mlflow_conn_id: connection of type `shamal_mlflow`.
    :raises InvalidGates: a gate, limit, section or waiver is wrong.
    :raises DigestMismatch: the champion to compare with is not the one that was registered.
    :raises SignatureMismatch: the model does not take the training set's features.
    :raises GateDenied: a gate says no.
    """

    template_fields: Sequence[str] = ("model", "training_output", "training_set", "tags")

    def __init__(
        self,
        *,
        model: str,
        training_output: str,
        training_set: str,
        task: str,
        gates: Mapping[str, Any],
        approvers: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
        mlflow_conn_id: str = MlflowRegistryHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.training_output = training_output
        self.training_set = training_set
        self.task = task
        self.gates = gates
        self.approvers = approvers
        self.tags = tags
        self.mlflow_conn_id = mlflow_conn_id

    @cached_property
    def hook(self) -> MlflowRegistryHook:
        """Return the hook of the MLflow server."""
        return MlflowRegistryHook(self.mlflow_conn_id)

    def execute(self, context: "Context") -> dict[str, Any]:
        """Return run_id, metrics (the baseline's as `baseline_<name>`), verdicts, passed and onnx_sha256."""
        require_model(self.model)
        declared = suite.parse(self.task, self.gates, approvers=self.approvers, owner=self.owner)
        output = load_training_output(self.training_output)
        training_set = load_training_set(self.training_set)
        with tempfile.TemporaryDirectory() as scratch:
            found = evaluate(
                output,
                training_set,
                declared,
                champion=champion.fetch(self.hook, self.model, scratch),
                started_by=context["dag_run"].triggering_user_name,
            )
        self.log.info("Model %s against its gates:\n%s", self.model, found.report())
        tags = {**(self.tags or {}), **tracking.airflow_tags(context)}
        if commit := tracking.git_commit(context["dag"].folder):
            tags["mlflow.source.git.commit"] = commit
        run_id = tracking.log_evaluation(
            self.hook, self.model, found, output=output, training_set=training_set, tags=tags
        )
        verdicts = [each.as_dict() for each in found.verdicts]
        if not found.passed:
            denied = "; ".join(
                f"{each['gate']}: {each['value']} ({each['reason']})" for each in verdicts if not each["passed"]
            )
            raise GateDenied(
                f"model {self.model!r} is not released. {denied}. Everything measured is in MLflow run {run_id}"
            )
        return {
            "run_id": run_id,
            "metrics": found.all_metrics,
            "verdicts": verdicts,
            "passed": True,
            "onnx_sha256": output.onnx_sha256,
        }
