import pytest
from airflow.models.connection import Connection

from shamal.providers.vault.errors import AppRoleFileRefused, SecretAccessDenied
from shamal.providers.vault.secrets.vault import StrictVaultBackend
from shamal.providers.vault.testing import FakeVault

PATHS = {"connections_path": "airflow/connections", "variables_path": "airflow/variables"}


@pytest.fixture
def fake():
    return FakeVault()


def backend(fake, approle_path, **kwargs):
    return StrictVaultBackend(url=fake.url, approle_path=approle_path, session=fake.session(), **(PATHS | kwargs))


def test_an_approle_file_that_others_can_read_is_refused_before_anything_is_asked(fake, approle_path):
    approle_path.chmod(0o644)

    with pytest.raises(AppRoleFileRefused):
        backend(fake, approle_path)

    assert fake.logins == 0


def test_many_backends_log_in_once(fake, approle_path):
    fake.secrets["airflow/variables/x"] = {"value": "1"}
    session = fake.session()

    for _ in range(8):
        one = StrictVaultBackend(url=fake.url, approle_path=approle_path, session=session, **PATHS)
        assert one.get_variable("x") == "1"

    assert fake.logins == 1


def test_a_denied_path_is_asked_twice_with_one_new_login(fake, approle_path):
    with pytest.raises(SecretAccessDenied):
        backend(fake, approle_path, variables_path="servers").get_variable("x")

    assert fake.logins == 2


@pytest.mark.parametrize("name", ["../../servers/mlflow", "a/../b", "/etc", "a//b", ".", ""])
def test_a_name_that_leaves_its_path_is_refused_unasked(fake, approle_path, name):
    with pytest.raises(SecretAccessDenied, match="correct the name"):
        backend(fake, approle_path).get_variable(name)

    assert fake.logins == 0


def test_paths_set_to_null_are_never_asked(fake, approle_path):
    assert backend(fake, approle_path, connections_path=None).get_connection("x") is None
    assert fake.logins == 0


def test_airflows_server_side_search_stops(fake, approle_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_MLFLOW_DEFAULT", "http://decoy")
    fake.state = "sealed"
    from airflow.secrets.environment_variables import EnvironmentVariablesBackend

    stores = [backend(fake, approle_path), EnvironmentVariablesBackend()]
    monkeypatch.setattr("airflow.configuration.ensure_secrets_loaded", lambda: stores)

    with pytest.raises(SecretAccessDenied):
        Connection.get_connection_from_secrets("mlflow_default")
