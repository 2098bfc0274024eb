import json
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException
from kubernetes import client as k8s  # noqa: TID253 - the pods that the operator sees
from urllib3.exceptions import MaxRetryError

from shamal.providers.pytorch.errors import ClusterUnavailable, TrainingFailed, TrainingRefused
from shamal.providers.pytorch.operators.train import RETURNED, TorchTrainOperator

COMPUTE = {"image": "train:1", "cpu": 2, "memory": "1Gi", "gpu": 1}


def operator(output: Path, **changes: Any) -> TorchTrainOperator:
    arguments = {"model_file": "model.py", "training_set": "set", "config": {"task": "regression"}, "compute": COMPUTE}
    return TorchTrainOperator(task_id="train", output=str(output), **(arguments | changes))


def context() -> Any:
    return {"ti": MagicMock()}


def ended(exit_code: int, reason: str) -> k8s.V1Pod:
    state = k8s.V1ContainerState(terminated=k8s.V1ContainerStateTerminated(exit_code=exit_code, reason=reason))
    status = k8s.V1ContainerStatus(name="base", state=state, image="", image_id="", ready=False, restart_count=0)
    return k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(name="train-1", namespace="ml"),
        status=k8s.V1PodStatus(phase="Failed", container_statuses=[status]),
    )


def failing(output: Path, pod: k8s.V1Pod, monkeypatch: Any) -> TorchTrainOperator:
    """Return a task whose pod is at its end as the cluster has it."""

    def fail(self: TorchTrainOperator, context: Any, event: Any) -> None:
        self.pod = pod
        raise AirflowException("Pod train-1 returned a failure.\nmore")

    monkeypatch.setattr(KubernetesPodOperator, "trigger_reentry", fail)
    task = operator(output)
    task.hook = MagicMock()
    task.hook.get_pod.return_value = pod
    task.client = MagicMock()
    task.client.read_namespaced_pod_log.return_value = "epoch 3\nlast words"
    return task


def test_the_pod_gets_resources_threads_and_the_training_command(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(KubernetesPodOperator, "execute", lambda self, context: None)
    (tmp_path / "training.json").write_text(json.dumps(dict.fromkeys(RETURNED, 1)))
    task = operator(tmp_path)
    result = task.execute(context())
    assert result is not None
    assert result["output"] == str(tmp_path)
    task.hook = MagicMock(is_in_cluster=False)
    container = task.build_pod_request_obj().spec.containers[0]
    assert container.command == ["python", "-m", "shamal.providers.pytorch.train"]
    assert '--config={"task": "regression"}' in container.args
    assert "--gpu=1" in container.args
    assert container.resources.limits == {"cpu": "2", "memory": "1Gi", "nvidia.com/gpu": "1"}
    assert {each.name: each.value for each in container.env}["OMP_NUM_THREADS"] == "2"
    assert (task.deferrable, task.on_kill_action.value, task.do_xcom_push) == (True, "keep_pod", False)


def test_no_gpu_is_requested_without_need(tmp_path: Path) -> None:
    task = operator(tmp_path, compute=COMPUTE | {"gpu": 0})
    assert task.container_resources.limits == {"cpu": "2", "memory": "1Gi"}


@pytest.mark.parametrize("compute", [{"image": "x"}, COMPUTE | {"gpus": 1}, COMPUTE | {"gpu": -1}])
def test_a_wrong_compute_profile_is_refused_before_anything_runs(compute: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match="compute"):
        operator(tmp_path, compute=compute)


@pytest.mark.parametrize(
    ("exit_code", "reason", "error", "words"),
    [
        (137, "OOMKilled", TrainingFailed, "raise memory"),
        (2, "Error", TrainingRefused, "retries cannot cure"),
        (1, "Error", TrainingFailed, "resumes from the last checkpoint"),
    ],
)
def test_a_failed_pod_is_explained(
    exit_code: int, reason: str, error: type[Exception], words: str, tmp_path: Path, monkeypatch: Any
) -> None:
    task = failing(tmp_path, ended(exit_code, reason), monkeypatch)
    with pytest.raises(error) as raised:
        task.trigger_reentry(context(), {"status": "failed"})
    assert f"exit code {exit_code} ({reason})" in str(raised.value)
    assert "last words" in str(raised.value)
    assert words in str(raised.value)
    task.client.delete_namespaced_pod.assert_not_called()


def test_a_pod_that_never_started_is_deleted_lest_two_write_one_folder(tmp_path: Path, monkeypatch: Any) -> None:
    pending = ended(0, "")
    pending.status = k8s.V1PodStatus(phase="Pending")
    task = failing(tmp_path, pending, monkeypatch)
    with pytest.raises(TrainingFailed, match=r"was never ready: Pending \(Pod train-1 returned a failure"):
        task.trigger_reentry(context(), {"status": "timeout"})
    assert task.client.delete_namespaced_pod.call_args.args == ("train-1", "ml")


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: Any) -> None:
    def down(self: TorchTrainOperator, context: Any) -> None:
        raise MaxRetryError(MagicMock(), "/api", OSError("connection refused"))

    monkeypatch.setattr(KubernetesPodOperator, "execute", down)
    task = operator(tmp_path)
    task.hook = MagicMock()
    task.hook.core_v1_client.api_client.configuration.host = "https://127.0.0.1:1"
    with pytest.raises(ClusterUnavailable, match=r"kubernetes_default \(https://127.0.0.1:1\) .* refused"):
        task.execute(context())


def test_airflow_renders_every_argument_of_the_training(tmp_path: Path) -> None:
    with DAG("training", schedule=None):
        task = operator(
            Path("/runs/{{ run_id }}"),
            model_file="{{ run_id }}.py",
            training_set="/sets/{{ run_id }}",
            config={"task": "regression", "seed": "{{ 3 }}"},
        )
    task.render_template_fields({"run_id": "one"})
    rendered = (task.model_file, task.training_set, task.output_folder, task.config["seed"])
    assert rendered == ("one.py", "/sets/one", "/runs/one", "3")


def test_success_without_output_names_the_shared_volume(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(KubernetesPodOperator, "trigger_reentry", lambda self, context, event: None)
    with pytest.raises(TrainingFailed, match="share the output volume"):
        operator(tmp_path).trigger_reentry(context(), {"status": "success"})
