from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import MagicMock

import pytest
from kubernetes import client as k8s  # noqa: TID253 - the pods that the operator sees

from shamal.providers.pytorch.errors import ClusterUnavailable, TrainingRefused
from shamal.providers.pytorch.operators.reap import KubernetesHook, ReapOrphanPodsOperator

NOW = datetime.now(UTC)


def pod(name: str, phase: str, *, created: float, ended: float | None = None) -> k8s.V1Pod:
    """Return a pod; times are hours ago."""
    statuses = None
    if ended is not None:
        over = k8s.V1ContainerStateTerminated(exit_code=1, finished_at=NOW - timedelta(hours=ended))
        statuses = [
            k8s.V1ContainerStatus(
                name="base",
                state=k8s.V1ContainerState(terminated=over),
                image="",
                image_id="",
                ready=False,
                restart_count=0,
            )
        ]
    return k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(name=name, creation_timestamp=NOW - timedelta(hours=created)),
        status=k8s.V1PodStatus(phase=phase, container_statuses=statuses),
    )


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    client = MagicMock()
    monkeypatch.setattr(KubernetesHook, "core_v1_client", client)
    monkeypatch.setattr(KubernetesHook, "get_namespace", lambda self: "ml")
    return client


def reap(**settings: Any) -> dict[str, Any]:
    return ReapOrphanPodsOperator(task_id="reap", **settings).execute(MagicMock())


def test_pods_that_ended_long_ago_are_deleted_and_no_others(client: Any) -> None:
    client.list_namespaced_pod.return_value.items = [
        pod("evicted", "Failed", created=50),
        pod("failed", "Failed", created=60, ended=49),
        pod("long-training", "Succeeded", created=60, ended=1),
        pod("running", "Running", created=99),
        pod("succeeded", "Succeeded", created=60, ended=50),
    ]
    assert reap(keep_hours=48) == {"namespace": "ml", "deleted": ["evicted", "failed", "succeeded"]}
    assert [call.args for call in client.delete_namespaced_pod.call_args_list] == [
        ("evicted", "ml"),
        ("failed", "ml"),
        ("succeeded", "ml"),
    ]
    selector = client.list_namespaced_pod.call_args.kwargs["label_selector"]
    assert selector == "app.kubernetes.io/component=training"


def test_a_pod_that_is_gone_already_is_no_error_and_another_failure_is(client: Any) -> None:
    client.list_namespaced_pod.return_value.items = [pod("failed", "Failed", created=60)]
    client.delete_namespaced_pod.side_effect = k8s.ApiException(status=404)
    assert reap(namespace="other")["deleted"] == ["failed"]
    client.delete_namespaced_pod.side_effect = k8s.ApiException(status=500)
    with pytest.raises(ClusterUnavailable, match="kubernetes_default"):
        reap()


def test_a_negative_age_is_refused_before_anything_is_asked(client: Any) -> None:
    with pytest.raises(TrainingRefused, match="keep_hours is -1"):
        reap(keep_hours=-1)
    client.list_namespaced_pod.assert_not_called()
