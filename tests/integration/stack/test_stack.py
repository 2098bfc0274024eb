"""The stack as a user meets it: up, up again, a killed server, restart, down."""

import json
import os
import signal
import socket
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import requests

from local import groups
from local.server import NotReadyError
from local.servers import BY_NAME, SERVERS
from local.stack import process_ids
from local.supervisor import Supervisor
from local.users import password
from local.vault import Vault

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


def _wait_ready(settings, name, seconds=300):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return BY_NAME[name].ready(settings)
        except NotReadyError:
            assert time.monotonic() < deadline, f"{name} is not ready after {seconds} s"
            time.sleep(0.5)


def test_a_second_up_is_harmless(stack):
    before = {name: state["pid"] for name, state in Supervisor(stack.settings).states().items()}
    result = stack.run("up")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("already running") == len(SERVERS)
    assert stack.settings["SHAMAL_AIRFLOW_URL"] in result.stdout
    assert {name: state["pid"] for name, state in Supervisor(stack.settings).states().items()} == before


def test_status_shows_every_server_with_its_log(stack):
    result = stack.run("status")
    assert result.returncode == 0
    for server in SERVERS:
        line = next(line for line in result.stdout.splitlines() if line.startswith(f"{server.name} "))
        assert "running" in line
        assert Path(line.split()[-1]).is_file()


def test_everything_listens_on_this_machine_only(stack):
    addresses = {
        connection.laddr.ip
        for pid in process_ids(stack.settings)
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN or connection.type == socket.SOCK_DGRAM
    }
    # The second is how an IPv6 socket shows the first.
    assert addresses == {"127.0.0.1", "::ffff:127.0.0.1"}


def test_no_credential_is_in_a_command_line_or_a_log(stack):
    vault = Vault(stack.settings, "seed")
    entries = [vault.require(f"servers/{name}") for name in ("mlflow", "pods", "airflow")]
    entries += [vault.require(f"airflow/config/{key}") for key in ("fernet_key", "jwt_secret", "api_secret_key")]
    values = {value for entry in entries for key, value in entry.items() if key != "username"}
    for pid in process_ids(stack.settings):
        command = " ".join(psutil.Process(pid).cmdline())
        assert not [value for value in values if value in command], psutil.Process(pid).name()
    for log in Path(stack.settings["SHAMAL_LOGS"]).glob("*.log"):
        text = log.read_text(errors="replace")
        assert not [value for value in values if value in text], log


def test_files_with_secrets_are_readable_by_their_owner_only(stack):
    state = Path(stack.settings["SHAMAL_STATE"])
    private = [path for folder in ("openbao", "pods/credentials", "supervisor") for path in (state / folder).rglob("*")]
    private += [state / "airflow" / "passwords.json", state / "airflow" / "airflow.cfg"]
    open_files = [path for path in private if not path.is_dir() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert open_files == []
    assert stat.S_IMODE((state / "openbao").stat().st_mode) == 0o700
    assert not (state / "openbao" / "root.token").exists()


def test_the_given_connections_open_the_servers(stack):
    mlflow = stack.connection("mlflow_default")
    address = f"{mlflow['host']}:{mlflow['port']}/api/2.0/mlflow/experiments/search?max_results=1"
    assert requests.get(address, timeout=30).status_code == 401
    assert requests.get(address, auth=(mlflow["login"], mlflow["password"]), timeout=30).status_code == 200
    config = json.loads(stack.connection("kubernetes_default")["extra"]["kube_config"])
    assert config["users"][0]["user"]["token"] == Path(stack.settings["SHAMAL_PODS_CREDENTIALS"], "token").read_text()


@pytest.mark.parametrize("user", ["admin", "engineer", "approver", "auditor"])
def test_every_user_can_log_in_to_airflow(stack, user):
    login = {"username": user, "password": password(stack.settings, user)}
    answer = requests.post(f"{stack.settings['SHAMAL_AIRFLOW_URL']}/auth/token", json=login, timeout=30)
    assert answer.status_code == 201
    header = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    answer = requests.get(f"{stack.settings['SHAMAL_AIRFLOW_URL']}/api/v2/pools", headers=header, timeout=30)
    assert {"spark", "training", "serving"} <= {pool["name"] for pool in answer.json()["pools"]}


def test_seeding_again_writes_no_new_version(stack):
    def versions():
        import hvac

        vault = Vault(stack.settings, "seed")
        read = vault.client.secrets.kv.v2.read_secret_version
        paths = ["airflow/connections/mlflow_default", "airflow/variables/artifact_root", "servers/pods"]
        assert isinstance(vault.client, hvac.Client)
        return [
            read(path, mount_point="secret", raise_on_deleted_version=True)["data"]["metadata"]["version"]
            for path in paths
        ]

    before = versions()
    assert stack.run("up").returncode == 0
    assert versions() == before


@pytest.mark.parametrize("name", ["openbao", "mlflow", "triton", "scheduler"])
def test_a_killed_server_comes_back_and_leaves_no_child_behind(stack, name):
    old = groups.members(stack.settings, name)
    before, killed = groups.started(stack.settings, name), time.time()
    os.kill(Supervisor(stack.settings).states()[name]["pid"], signal.SIGKILL)
    assert psutil.wait_procs(old, timeout=120)[1] == []
    # Until its launcher has run, the record is the killed server's.
    while groups.started(stack.settings, name) in {before, None}:
        assert time.time() < killed + 120
        time.sleep(0.1)
    _wait_ready(stack.settings, name)


def test_a_restart_loses_nothing_and_down_leaves_no_process(stack):
    mlflow = stack.connection("mlflow_default")
    url, login = f"{mlflow['host']}:{mlflow['port']}/api/2.0/mlflow", (mlflow["login"], mlflow["password"])
    body = {"experiment_id": "0", "run_name": "survives"}
    run = requests.post(f"{url}/runs/create", json=body, auth=login, timeout=60).json()["run"]["info"]
    Vault(stack.settings, "seed").write("airflow/variables/survives", {"value": run["run_id"]})
    passwords = password(stack.settings, "admin")

    pids = [*process_ids(stack.settings), Supervisor(stack.settings).pid()]
    processes = [psutil.Process(pid) for pid in pids]
    assert stack.run("down").returncode == 0
    assert psutil.wait_procs(processes, timeout=5)[1] == []
    assert stack.run("status").returncode == 1

    result = stack.run("up")
    assert result.returncode == 0, result.stderr
    assert password(stack.settings, "admin") == passwords
    assert stack.connection("mlflow_default") == mlflow
    assert Vault(stack.settings, "airflow").require("airflow/variables/survives") == {"value": run["run_id"]}
    found = requests.get(f"{url}/runs/get", params={"run_id": run["run_id"]}, auth=login, timeout=60).json()["run"][
        "info"
    ]
    assert found["run_name"] == "survives"


def test_processes_wait_for_each_other_at_airflow_s_database(stack):
    assert stack.settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].endswith("airflow.db?timeout=60")
    with closing(sqlite3.connect(Path(stack.settings["SHAMAL_AIRFLOW_STATE"]) / "airflow.db")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
