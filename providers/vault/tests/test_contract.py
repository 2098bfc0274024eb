"""What the fake and a real OpenBao both do."""

import time

import pytest
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSecretsBackendAccessDenied

from shamal.providers.vault.errors import (
    SecretAccessDenied,
    SecretMalformed,
    SecretStoreUnavailable,
    VaultDenied,
    VaultRequestRefused,
    VaultUnavailable,
)

CANARY = "hunter2-canary"


def timed(what, call):
    start = time.perf_counter()
    try:
        return call()
    finally:
        print(f"{what}: {(time.perf_counter() - start) * 1000:.1f} ms")


@pytest.fixture
def filled(vault):
    vault.write(
        "airflow/connections/mlflow_default",
        {"conn_type": "shamal_mlflow", "host": "http://m", "port": 5000, "password": CANARY, "extra": {"a": 1}},
    )
    vault.write("airflow/variables/root", {"value": "/data"})
    vault.write("airflow/config/fernet", {"value": "key"})
    return vault


def test_found(filled):
    backend = filled.backend()
    timed("login and read", lambda: backend.get_variable("root"))
    connection = timed("found", lambda: backend.get_connection("mlflow_default"))

    assert (connection.conn_type, connection.port, connection.password) == ("shamal_mlflow", 5000, CANARY)
    assert connection.extra_dejson == {"a": 1}
    assert backend.get_variable("root") == "/data"
    assert backend.get_config("fernet") == "key"


def test_not_found_lets_airflow_look_on(filled):
    backend = filled.backend()
    backend.get_variable("root")

    assert timed("not found", lambda: backend.get_connection("nothing")) is None
    assert backend.get_variable("nothing") is None
    assert backend.get_config("nothing") is None


@pytest.mark.parametrize("method", ["get_connection", "get_variable", "get_config"])
def test_denied_names_server_path_and_next_step(filled, method):
    backend = filled.backend(
        connections_path="servers/mlflow", variables_path="servers/mlflow", config_path="servers/mlflow"
    )

    with pytest.raises(SecretAccessDenied, match=r"http://.* secret/servers/mlflow/x and denied it; check") as refused:
        timed("denied", lambda: getattr(backend, method)("x"))

    assert isinstance(refused.value, AirflowSecretsBackendAccessDenied)
    assert refused.value.status_code == 403


@pytest.mark.parametrize("method", ["get_connection", "get_variable", "get_config"])
def test_sealed(filled, method):
    backend = filled.backend()
    backend.get_variable("root")
    filled.seal()

    with pytest.raises(SecretStoreUnavailable, match="is sealed; unseal it"):
        timed("sealed", lambda: getattr(backend, method)("x"))


@pytest.mark.parametrize("method", ["get_connection", "get_variable", "get_config"])
def test_unreachable(filled, method):
    backend = filled.backend()
    backend.get_variable("root")
    filled.stop()

    with pytest.raises(SecretStoreUnavailable, match="cannot be reached"):
        timed("unreachable", lambda: getattr(backend, method)("x"))


@pytest.mark.parametrize("outage", ["seal", "stop"])
def test_a_setting_that_was_read_stays_known_while_the_store_is_away(filled, outage):
    assert filled.backend().get_config("fernet") == "key"
    getattr(filled, outage)()

    assert filled.backend().get_config("fernet") == "key"


@pytest.mark.parametrize("outage", ["seal", "stop"])
def test_a_decoy_in_the_environment_is_never_opened(filled, outage, monkeypatch):
    """Through Airflow's own search, as a task does it."""
    from airflow.sdk import Connection, Variable
    from airflow.secrets.environment_variables import EnvironmentVariablesBackend

    monkeypatch.setenv("AIRFLOW_CONN_MLFLOW_DEFAULT", "http://decoy")
    monkeypatch.setenv("AIRFLOW_VAR_ROOT", "decoy")
    stores = [filled.backend(), EnvironmentVariablesBackend()]
    monkeypatch.setattr("airflow.sdk.execution_time.supervisor.ensure_secrets_backend_loaded", lambda: stores)
    assert Variable.get("root") == "/data"
    getattr(filled, outage)()

    with pytest.raises(AirflowSecretsBackendAccessDenied):
        Connection.get("mlflow_default")
    with pytest.raises(AirflowSecretsBackendAccessDenied):
        Variable.get("root", default="weaker")
    with pytest.raises(AirflowSecretsBackendAccessDenied):
        Variable.get("missing", default="weaker")


def test_a_name_that_only_the_environment_has_is_still_found(filled, monkeypatch):
    from airflow.sdk import Connection
    from airflow.secrets.environment_variables import EnvironmentVariablesBackend

    monkeypatch.setenv("AIRFLOW_CONN_OTHER", "http://other")
    stores = [filled.backend(), EnvironmentVariablesBackend()]
    monkeypatch.setattr("airflow.sdk.execution_time.supervisor.ensure_secrets_backend_loaded", lambda: stores)

    assert Connection.get("other").host == "other"
    with pytest.raises(AirflowNotFoundException):
        Connection.get("nowhere")


def test_an_expired_token_is_renewed_once(filled):
    backend = filled.backend()
    assert backend.get_variable("root") == "/data"
    filled.revoke_tokens()

    assert backend.get_variable("root") == "/data"


@pytest.mark.parametrize(
    "secret", [{"host": CANARY}, {"conn_type": "x", "port": CANARY}, {"conn_type": "x", "y": CANARY}]
)
def test_a_malformed_connection_stops_the_search_and_shows_no_value(filled, secret):
    filled.write("airflow/connections/bad", secret)

    with pytest.raises(SecretMalformed, match="connection bad in http://") as refused:
        filled.backend().get_connection("bad")

    assert CANARY not in str(refused.value)


def test_a_malformed_variable_stops_the_search(filled):
    filled.write("airflow/variables/bad", {"password": CANARY})

    with pytest.raises(SecretMalformed, match="no key `value`") as refused:
        filled.backend().get_variable("bad")

    assert CANARY not in str(refused.value)


def test_sign_and_verify(filled, monkeypatch):
    hook = filled.hook(monkeypatch)

    signature = hook.sign("release", b"manifest")

    assert signature.startswith("vault:v1:")
    assert hook.verify("release", b"manifest", signature)
    assert not hook.verify("release", b"another", signature)


def test_a_wrapped_secret_opens_once(filled, monkeypatch):
    hook = filled.hook(monkeypatch)

    token = hook.wrap("secret/airflow/connections/mlflow_default", ttl=60)

    assert CANARY not in token
    assert hook.unwrap(token)["password"] == CANARY
    with pytest.raises(VaultRequestRefused, match="treat it as stolen"):
        hook.unwrap(token)


def test_wrap_of_a_missing_secret(filled, monkeypatch):
    with pytest.raises(VaultRequestRefused, match="nothing there"):
        filled.hook(monkeypatch).wrap("secret/airflow/connections/nothing", ttl=60)


def test_wrap_outside_the_policy(filled, monkeypatch):
    with pytest.raises(VaultDenied, match="check the policy"):
        filled.hook(monkeypatch).wrap("secret/servers/mlflow", ttl=60)


@pytest.mark.parametrize(("outage", "word"), [("seal", "sealed"), ("stop", "unreachable")])
def test_hook_during_an_outage(filled, monkeypatch, outage, word):
    hook = filled.hook(monkeypatch)
    hook.sign("release", b"manifest")
    getattr(filled, outage)()

    with pytest.raises(VaultUnavailable, match=word):
        hook.sign("release", b"manifest")
