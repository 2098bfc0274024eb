"""The role, the paths and the key of the laptop stack."""

import json
import time

import pytest

from shamal.providers.vault.errors import SecretAccessDenied
from shamal.providers.vault.hooks.vault import VaultHook
from shamal.providers.vault.secrets.vault import StrictVaultBackend

pytestmark = pytest.mark.integration


@pytest.fixture
def vault_connection(stack):
    return stack.connection("vault_default")


def test_the_stack_s_connections_are_found_and_the_servers_secrets_denied(stack):
    backend = StrictVaultBackend(
        url=stack.settings["SHAMAL_OPENBAO_URL"],
        approle_path=f"{stack.settings['SHAMAL_OPENBAO_STATE']}/airflow.approle.json",
        connections_path="airflow/connections",
        variables_path="servers",
    )
    start = time.perf_counter()
    assert backend.get_connection("mlflow_default").conn_type == "shamal_mlflow"
    assert backend.get_connection("no_such_connection") is None
    with pytest.raises(SecretAccessDenied):
        backend.get_variable("mlflow")
    print(f"login, found, not found, denied: {(time.perf_counter() - start) * 1000:.0f} ms")


def test_the_release_key_signs(vault_connection, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_VAULT_DEFAULT", json.dumps(vault_connection))
    hook = VaultHook()

    assert hook.verify("release", b"manifest", hook.sign("release", b"manifest"))
