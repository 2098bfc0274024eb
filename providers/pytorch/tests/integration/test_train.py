"""Training tasks against the pods API of the stack: every way in which a pod can end, and a cluster that is away."""

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.cncf.kubernetes.triggers.pod import KubernetesPodTrigger
from airflow.sdk.exceptions import TaskDeferred

from shamal.providers.pytorch.errors import ClusterUnavailable, TrainingFailed, TrainingRefused

pytestmark = pytest.mark.integration

DIE_ONCE = """
flag = Path(__file__).with_name("died")
if not flag.exists():
    flag.touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def run(task: Any, context: dict[str, Any]) -> dict[str, Any]:
    """Do what worker and triggerer do with a task until it ends."""
    try:
        return task.execute(context)  # type: ignore[no-any-return]
    except TaskDeferred as deferred:
        waiting = deferred
    while True:
        event = asyncio.run(asyncio.wait_for(_first_event(waiting), 120))
        try:
            return task.trigger_reentry(context, event)  # type: ignore[no-any-return]
        except TaskDeferred as deferred:
            waiting = deferred


async def _first_event(deferred: TaskDeferred) -> dict[str, Any]:
    # The trigger travels in its serialised form.
    _, settings = deferred.trigger.serialize()
    async for event in KubernetesPodTrigger(**settings).run():
        payload: dict[str, Any] = event.payload
        return payload
    raise AssertionError("the trigger gave no event")


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_training_ends_with_its_files_and_without_its_pod(
    deferrable: bool, operator: Any, context: dict[str, Any], pods: Callable[[], dict[str, str]], tmp_path: Path
) -> None:
    result = run(operator(deferrable=deferrable), context)
    assert (result["output"], result["epochs"], result["device"]) == (str(tmp_path / "output"), 2, "cpu")
    assert context["pushed"]["return_value"] == result
    assert (tmp_path / "output/model.onnx").is_file()
    assert pods() == {}


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_pod_that_fails_is_kept_and_its_last_words_are_told(
    deferrable: bool, operator: Any, context: dict[str, Any], pods: Callable[[], dict[str, str]]
) -> None:
    with pytest.raises(TrainingFailed, match=r"exit code 1 \(Error\)") as caught:
        run(operator("raise RuntimeError('a broken model')", deferrable=deferrable), context)
    assert "RuntimeError: a broken model" in str(caught.value)
    assert "Next: read the task's log" in str(caught.value)
    assert list(pods().values()) == ["Failed"]


def test_wrong_input_is_refused_without_a_retry(operator: Any, context: dict[str, Any]) -> None:
    with pytest.raises(TrainingRefused, match="did you mean epochs"):
        run(operator(config={"task": "regression", "epoch": 2}), context)


def test_a_killed_pod_is_told_and_the_next_attempt_succeeds(operator: Any, context: dict[str, Any]) -> None:
    with pytest.raises(TrainingFailed, match="exit code 137"):
        run(operator(DIE_ONCE), context)
    context["ti"].try_number = 2
    assert run(operator(DIE_ONCE), context)["epochs"] == 2


def test_a_pod_that_takes_too_much_memory_is_told_to_get_more(operator: Any, context: dict[str, Any]) -> None:
    greedy = "import time\ntaken = bytearray(b'x') * (1 << 30)\ntime.sleep(60)"
    with pytest.raises(TrainingFailed, match=r"137 \(OOMKilled\)[\s\S]*Next: raise memory"):
        run(operator(greedy, compute={"memory": "800Mi"}), context)


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize(
    ("compute", "message"),
    [
        ({"image": "elsewhere/none:1"}, r"never ready: (ErrImagePull|ImagePullBackOff) [\s\S]*Next: check the image"),
        ({"gpu": 64}, r"never ready: Unschedulable: [\s\S]*Insufficient nvidia.com/gpu[\s\S]*Next: .*GPUs"),
    ],
)
def test_a_pod_that_never_starts_says_why_and_does_not_stay(
    compute: dict[str, Any],
    message: str,
    deferrable: bool,
    operator: Any,
    context: dict[str, Any],
    pods: Callable[[], dict[str, str]],
) -> None:
    task = operator(compute=compute, deferrable=deferrable, startup_timeout_seconds=3)
    with pytest.raises(TrainingFailed, match=message):
        run(task, context)
    assert pods() == {}


def test_a_cluster_that_is_away_is_named(
    airflow_connections: dict[str, Any], operator: Any, context: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"https://127.0.0.1:{free.getsockname()[1]}"
    connection = airflow_connections["kubernetes_default"]
    kube_config = json.loads(connection["extra"]["kube_config"])
    kube_config["clusters"][0]["cluster"]["server"] = address
    away = connection | {"extra": connection["extra"] | {"kube_config": json.dumps(kube_config)}}
    monkeypatch.setenv("AIRFLOW_CONN_KUBERNETES_DEFAULT", json.dumps(away))
    with pytest.raises(ClusterUnavailable, match=r"kubernetes_default[\s\S]*look at its log") as caught:
        run(operator(), context)
    assert address in str(caught.value)
