import json

import pytest

from shamal.providers.vault.errors import VaultRequestRefused
from shamal.providers.vault.hooks.vault import VaultHook


@pytest.mark.parametrize(
    "connection",
    [
        {"conn_type": "shamal_vault"},
        {"conn_type": "shamal_vault", "host": "http://v"},
        {"conn_type": "shamal_vault", "extra": {"approle_path": "/x"}},
    ],
)
def test_an_incomplete_connection_says_what_it_needs(monkeypatch, connection):
    monkeypatch.setenv("AIRFLOW_CONN_VAULT_DEFAULT", json.dumps(connection))

    with pytest.raises(VaultRequestRefused, match=r"vault_default needs a host .* and extra approle_path"):
        VaultHook().sign("release", b"x")


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [("http://127.0.0.1:8200", None, "http://127.0.0.1:8200"), ("http://127.0.0.1", 8200, "http://127.0.0.1:8200")],
)
def test_the_port_may_stand_alone(monkeypatch, approle_path, host, port, url):
    connection = {"conn_type": "shamal_vault", "host": host, "port": port, "extra": {"approle_path": str(approle_path)}}
    monkeypatch.setenv("AIRFLOW_CONN_VAULT_DEFAULT", json.dumps(connection))

    assert VaultHook().get_conn().url == url
