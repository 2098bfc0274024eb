from unittest.mock import MagicMock

import pytest
from airflow.sdk.exceptions import AirflowFailException
from kubernetes.client import ApiException  # noqa: TID253 - what the client raises
from kubernetes.config import ConfigException  # noqa: TID253 - what the client raises
from urllib3.exceptions import MaxRetryError, ProtocolError

from shamal.providers.pytorch.cluster import named
from shamal.providers.pytorch.errors import ClusterUnavailable, TrainingFailed, TrainingRefused

ADDRESS = "https://127.0.0.1:1"


@pytest.mark.parametrize(
    ("raised", "error", "words"),
    [
        (MaxRetryError(MagicMock(), "/api", OSError("refused")), ClusterUnavailable, "look at its log"),
        (ProtocolError("cut off"), ClusterUnavailable, "look at its log"),
        (ApiException(status=503, reason="Unavailable"), ClusterUnavailable, "answered 503"),
        (ApiException(status=401, reason="Unauthorized"), TrainingFailed, "credentials"),
        (ApiException(status=404, reason="Not Found"), TrainingFailed, "namespace"),
        (ApiException(status=422, reason="Unprocessable"), TrainingRefused, "pod settings"),
    ],
)
def test_the_message_names_connection_address_and_next_step(
    raised: Exception, error: type[Exception], words: str
) -> None:
    hook = MagicMock()
    hook.core_v1_client.api_client.configuration.host = ADDRESS
    with pytest.raises(error, match=words) as caught, named("kubernetes_default", hook):
        raise raised
    assert f"connection kubernetes_default ({ADDRESS})" in str(caught.value)
    # Only what no retry can cure may end the task for good.
    assert isinstance(caught.value, AirflowFailException) == (error is TrainingRefused)


def test_a_connection_without_settings_is_refused() -> None:
    with pytest.raises(TrainingRefused, match="other_cluster leads to no cluster"), named("other_cluster", MagicMock()):
        raise ConfigException("no configuration found")
