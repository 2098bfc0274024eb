import datetime
import stat

import pytest

from local import groups, http, settings
from local.server import NotReadyError
from local.servers import airflow
from local.users import login_file, password


class FakeVault:
    def __init__(self):
        self.entries = {}

    def write_once(self, path, values):
        return self.entries.setdefault(path, values)


def test_seeding_makes_the_keys_and_a_private_login_file(tmp_path):
    values = settings.load("test") | {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(tmp_path / "passwords.json"),
        "AIRFLOW_CONFIG": str(tmp_path / "airflow.cfg"),
    }
    vault = FakeVault()
    airflow.SERVERS[0].seed(values, vault)
    for setting in ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__API__SECRET_KEY"):
        assert f"airflow/config/{values[f'{setting}_SECRET']}" in vault.entries
    assert stat.S_IMODE(login_file(values).stat().st_mode) == 0o600
    assert password(values, "approver") == vault.entries["servers/airflow"]["approver"]


@pytest.mark.parametrize(("age", "ready"), [(-1, True), (60, False)])
def test_a_heartbeat_of_an_earlier_run_is_not_believed(monkeypatch, age, ready):
    now = datetime.datetime.now(datetime.UTC)
    heartbeat = (now - datetime.timedelta(seconds=age)).isoformat()
    health = {"scheduler": {"status": "healthy", "latest_scheduler_heartbeat": heartbeat}}

    class Answer:
        def json(self):
            return health

    monkeypatch.setattr(http, "get", lambda _url: Answer())
    monkeypatch.setattr(groups, "started", lambda *_arguments: now.timestamp())
    scheduler = next(server for server in airflow.SERVERS if server.name == "scheduler")
    if ready:
        scheduler.ready(settings.load("test"))
    else:
        with pytest.raises(NotReadyError, match="no heartbeat of scheduler since its start"):
            scheduler.ready(settings.load("test"))
