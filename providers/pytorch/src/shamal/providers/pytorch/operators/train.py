"""Trains a PyTorch model in a pod."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from shamal.providers.pytorch import cluster
from shamal.providers.pytorch.compute import Compute
from shamal.providers.pytorch.diagnosis import Diagnosis, diagnose
from shamal.providers.pytorch.errors import TrainingFailed, TrainingRefused
from shamal.providers.pytorch.train.errors import REFUSED

TRAINING_LABEL = ("app.kubernetes.io/component", "training")
ACTIVE = {"Pending", "Running"}
RETURNED = ("epochs", "best_epoch", "device", "precision", "onnx_sha256", "weights_sha256", "onnx_max_abs_diff")


class TorchTrainOperator(KubernetesPodOperator):
    """Train a model in a pod and return where its files are.

    The pod survives the loss of worker, scheduler, triggerer and API server; a retry finds it again, and a new pod
    resumes from the last checkpoint because the output folder belongs to the run, not to the attempt. The folders
    must be on storage that pod and worker share. It does not register, evaluate or deploy.

    :param model_file: Python file with `build(columns, config) -> torch.nn.Module`, as the pod sees it (templated)
    :param training_set: folder with `training_set.json` and its Parquet files (templated)
    :param output: folder for `model.onnx`, `weights.safetensors`, `training.json`; one per run (templated)
    :param config: settings of `shamal.providers.pytorch.train.config.TrainingConfig` (templated)
    :param compute: `image`, `cpu` (cores), `memory` (such as `2Gi`), `gpu` (whole GPUs, default 0)
    """

    template_fields: Sequence[str] = (
        *KubernetesPodOperator.template_fields,
        "model_file",
        "training_set",
        "output_folder",
        "config",
    )

    def __init__(
        self,
        *,
        model_file: str,
        training_set: str,
        output: str,
        config: dict[str, Any],
        compute: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        profile = Compute.parse(compute)
        defaults: dict[str, Any] = {
            "name": "train",
            "deferrable": True,
            "get_logs": True,
            "logging_interval": 10,
            "on_kill_action": "keep_pod",
            "on_finish_action": "delete_succeeded_pod",
            "automount_service_account_token": False,
            "log_pod_spec_on_failure": False,
        }
        labels = {TRAINING_LABEL[0]: TRAINING_LABEL[1], **kwargs.pop("labels", {})}
        environment = {"OMP_NUM_THREADS": str(profile.threads), **kwargs.pop("env_vars", {})}
        super().__init__(
            image=profile.image,
            cmds=["python", "-m", "shamal.providers.pytorch.train"],
            container_resources=profile.resources(),
            labels=labels,
            env_vars=environment,
            do_xcom_push=False,  # it would add a sidecar to the pod; the operator pushes its own result
            **{**defaults, **kwargs},
        )
        self.model_file = model_file
        self.training_set = training_set
        self.output_folder = output  # BaseOperator has a property `output`
        self.config = config
        self.compute = compute

    def execute(self, context: Context) -> dict[str, Any] | None:
        """Start the pod, or find the one of an earlier attempt again, and wait for it."""
        self.arguments = [
            f"--model-file={self.model_file}",
            f"--training-set={self.training_set}",
            f"--output={self.output_folder}",
            f"--config={json.dumps(self.config, sort_keys=True)}",
            f"--gpu={Compute.parse(self.compute).gpu}",
        ]
        with self._explained():
            super().execute(context)
        return self._push(context)

    def trigger_reentry(self, context: Context, event: dict[str, Any]) -> dict[str, Any] | None:
        """Resume after the pod's end, or after an interval of logs."""
        with self._explained():
            super().trigger_reentry(context, event)
        return self._push(context)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say of every failure what happened and what to do next."""
        with cluster.named(self.kubernetes_conn_id, self.hook):
            try:
                yield
            except AirflowSkipException:
                raise
            except AirflowException as error:
                raise self._failure(error) from error

    def _push(self, context: Context) -> dict[str, Any]:
        path = Path(self.output_folder) / "training.json"
        if not path.is_file():
            raise TrainingFailed(
                f"the pod succeeded but {path} is not here: pod and worker must share the output volume"
            )
        training = json.loads(path.read_text())
        result = {"output": self.output_folder, **{name: training[name] for name in RETURNED}}
        context["ti"].xcom_push(key="return_value", value=result)
        return result

    def _failure(self, error: Exception) -> AirflowException:
        pod = self._pod_now()
        found: Diagnosis = diagnose(self.client, pod, self.base_container_name)
        if pod is not None and pod.status.phase in ACTIVE:
            # The next attempt starts a pod of its own: two must never write the same folder.
            self.pod_manager.delete_pod(pod)
        what = found.text or str(error)
        if found.text and found.exit_code is None:
            what += f" ({str(error).partition(chr(10))[0]})"
        message = f"training of {self.model_file} failed: {what}\nNext: {found.next_step}"
        return TrainingRefused(message) if found.exit_code == REFUSED else TrainingFailed(message)

    def _pod_now(self) -> Any:
        from kubernetes.client import ApiException

        known = self.remote_pod or self.pod
        if known is None:
            return None
        try:
            return self.hook.get_pod(known.metadata.name, known.metadata.namespace)
        except ApiException as error:
            if error.status == 404:
                return None
            raise
