"""Deletes training pods that nobody needs any more."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook
from airflow.sdk import BaseOperator, Context

from shamal.providers.pytorch import cluster
from shamal.providers.pytorch.errors import TrainingRefused
from shamal.providers.pytorch.operators.train import TRAINING_LABEL

ENDED = {"Succeeded", "Failed"}


class ReapOrphanPodsOperator(BaseOperator):
    """Delete the training pods that ended more than `keep_hours` ago, and return their names.

    `TorchTrainOperator` keeps failed pods for inspection, and a pod whose task was killed has no task left to delete
    it. Running pods are left alone: a pod does not say whether somebody still waits for it, and it ends by itself.

    :param keep_hours: hours for which an ended pod stays, at least 0
    :param namespace: of the pods; default the connection's (templated)
    :param kubernetes_conn_id: the cluster (templated)
    """

    template_fields: Sequence[str] = ("namespace", "kubernetes_conn_id")

    def __init__(
        self,
        *,
        keep_hours: float = 48,
        namespace: str | None = None,
        kubernetes_conn_id: str = "kubernetes_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.keep_hours = keep_hours
        self.namespace = namespace
        self.kubernetes_conn_id = kubernetes_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Delete the pods; one that somebody else deleted first is no error.

        :raises TrainingRefused: keep_hours is negative
        :raises ClusterUnavailable: the cluster does not answer
        """
        if self.keep_hours < 0:
            raise TrainingRefused(f"keep_hours is {self.keep_hours!r}; allowed: a number of hours of at least 0")
        hook = KubernetesHook(conn_id=self.kubernetes_conn_id)
        with cluster.named(self.kubernetes_conn_id, hook):
            namespace = self.namespace or hook.get_namespace() or "default"
            deleted = reap(hook.core_v1_client, namespace, datetime.now(UTC) - timedelta(hours=self.keep_hours))
        self.log.info("deleted %d pod(s) of namespace %s: %s", len(deleted), namespace, ", ".join(deleted) or "none")
        return {"namespace": namespace, "deleted": deleted}


def reap(client: Any, namespace: str, before: datetime) -> list[str]:
    """Delete the training pods that ended before a time and return their names.

    :param client: Kubernetes CoreV1Api
    """
    from kubernetes.client import ApiException

    pods = client.list_namespaced_pod(namespace, label_selector="=".join(TRAINING_LABEL)).items
    old = sorted(pod.metadata.name for pod in pods if pod.status.phase in ENDED and ended_at(pod) < before)
    for name in old:
        try:
            client.delete_namespaced_pod(name, namespace)
        except ApiException as error:
            if error.status != 404:
                raise
    return old


def ended_at(pod: Any) -> datetime:
    """Return when a pod's last container ended; an evicted pod has none, so it counts from its creation."""
    states = [each.state for each in pod.status.container_statuses or []]
    ends = [state.terminated.finished_at for state in states if state and state.terminated]
    return max((end for end in ends if end), default=pod.metadata.creation_timestamp)  # type: ignore[no-any-return]
