"""What a task is told when only the API server is denied: Airflow's own Execution API, in this process."""

import pytest

from shamal.providers.vault.secrets.vault import StrictVaultBackend
from shamal.providers.vault.testing import FakeVault

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def execution_api():
    from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
    from airflow.sdk.api.client import Client

    client = Client(base_url=None, token="", dry_run=True, transport=InProcessExecutionAPI().transport)
    client.base_url = "http://in-process.invalid/"
    return client


@pytest.mark.parametrize("outcome", ["denied", "sealed", "down"])
@pytest.mark.parametrize("kind", ["connections", "variables"])
def test_a_task_is_told_denied_and_not_undefined(execution_api, approle_path, monkeypatch, outcome, kind):
    """It reads a 500 as "not defined", and `Variable.get` then returns its default."""
    fake = FakeVault()
    fake.state = "up" if outcome == "denied" else outcome
    backend = StrictVaultBackend(
        url=fake.url, approle_path=approle_path, session=fake.session(), connections_path="x", variables_path="x"
    )
    monkeypatch.setattr("airflow.configuration.ensure_secrets_loaded", lambda: [backend])
    monkeypatch.setattr("airflow.models.variable.ensure_secrets_loaded", lambda: [backend])

    answer = getattr(execution_api, kind).get("name")

    assert answer.error.value == "PERMISSION_DENIED"
    assert answer.detail["status_code"] == 403
