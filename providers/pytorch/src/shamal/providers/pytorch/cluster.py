"""Says which cluster did not answer or refused, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.providers.cncf.kubernetes.hooks.kubernetes import PodOperatorHookProtocol

from shamal.providers.pytorch.errors import ClusterUnavailable, TrainingFailed, TrainingRefused

MALFORMED = {400, 422}
FAILING = {429, 500, 502, 503, 504}


@contextmanager
def named(conn_id: str | None, hook: PodOperatorHookProtocol) -> Iterator[None]:
    """Turn the client's errors into ones that name connection and address.

    :raises ClusterUnavailable: nobody answers, or the server fails
    :raises TrainingFailed: the credentials do not suffice, or the namespace is not there
    :raises TrainingRefused: the connection holds no usable settings, or the cluster refuses the pod as it is
    """
    from kubernetes.client import ApiException
    from kubernetes.config import ConfigException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ConfigException as error:
        raise TrainingRefused(
            f"connection {conn_id} leads to no cluster: {error}\nNext: give it a kube_config, or in_cluster"
        ) from error
    except HTTPError as error:
        raise ClusterUnavailable(
            f"{_cluster(conn_id, hook)} does not answer: {getattr(error, 'reason', None) or error}\n"
            "Next: start it or look at its log; another attempt finds a running pod"
        ) from error
    except ApiException as error:
        said = f"{_cluster(conn_id, hook)} answered {error.status} {error.reason}: {error.body}"
        if error.status in MALFORMED:
            raise TrainingRefused(f"{said}\nNext: correct the task's pod settings") from error
        if error.status in FAILING:
            raise ClusterUnavailable(f"{said}\nNext: look at its log; another attempt finds a running pod") from error
        raise TrainingFailed(f"{said}\nNext: check the connection's credentials, role and namespace") from error


def _cluster(conn_id: str | None, hook: PodOperatorHookProtocol) -> str:
    return f"the cluster of connection {conn_id} ({hook.core_v1_client.api_client.configuration.host})"
