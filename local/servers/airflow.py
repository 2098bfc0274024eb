"""Airflow's four processes, each one started for itself, so that each can be watched and stopped as a group."""

from __future__ import annotations

import datetime
import json
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from local import groups, http
from local.files import write_private
from local.server import Connections, NotReadyError, Server
from local.settings import HOME, Settings, process_environment
from local.users import login_file, password
from local.vault import Vault


def _seed(settings: Settings, vault: Vault) -> Connections:
    for key, value in {
        "fernet_key": Fernet.generate_key().decode(),
        "jwt_secret": secrets.token_urlsafe(48),
        "api_secret_key": secrets.token_urlsafe(32),
    }.items():
        vault.write_once(f"airflow/config/{key}", {"value": value})
    users = [user.split(":")[0] for user in settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"].split(",")]
    passwords = vault.write_once("servers/airflow", {user: secrets.token_urlsafe(12) for user in users})
    write_private(login_file(settings), json.dumps(passwords, indent=2) + "\n")
    # Without a file, Airflow writes one with all its defaults and with keys of its own.
    write_private(Path(settings["AIRFLOW_CONFIG"]), "# Every setting is in local/env.\n")
    return {}


def _prepare(settings: Settings) -> None:
    for place in ("SHAMAL_LINEAGE", "SHAMAL_ARTIFACTS", "SHAMAL_LAKE", "SHAMAL_FEAST"):
        Path(settings[place]).mkdir(parents=True, exist_ok=True)
    _migrate(settings)


def _migrate(settings: Settings) -> None:
    """Create or upgrade Airflow's database, once per version of Airflow."""
    done = Path(settings["SHAMAL_AIRFLOW_STATE"]) / "migrated"
    current = version("apache-airflow")
    if done.exists() and done.read_text() == current:
        return
    log = Path(settings["SHAMAL_LOGS"]) / "migrate.log"
    with log.open("w") as output:
        migration = subprocess.run(
            _airflow("db", "migrate")(settings),
            env=process_environment(settings),
            cwd=HOME,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if migration.returncode != 0:
        raise NotReadyError(f"`airflow db migrate` failed with status {migration.returncode}; see {log}")
    with closing(sqlite3.connect(Path(settings["SHAMAL_AIRFLOW_STATE"]) / "airflow.db")) as database:
        # Stays with the file: who reads no longer waits for who writes, and the other way round.
        database.execute("PRAGMA journal_mode = WAL")
    write_private(done, current)


def import_pools(settings: Settings, pools: list[dict[str, Any]]) -> None:
    """Make Airflow's pools what is declared, through its REST API; pools made by hand stay.

    :param pools: the API's fields: name, slots, description, include_deferred.
    """
    import requests

    login = {"username": "admin", "password": password(settings, "admin")}
    answer = requests.post(f"{settings['SHAMAL_AIRFLOW_URL']}/auth/token", json=login, timeout=30)
    answer.raise_for_status()
    action = {"action": "create", "entities": pools, "action_on_existence": "overwrite"}
    answer = requests.patch(
        f"{settings['SHAMAL_AIRFLOW_URL']}/api/v2/pools",
        json={"actions": [action]},
        headers={"Authorization": f"Bearer {answer.json()['access_token']}"},
        timeout=30,
    )
    answer.raise_for_status()
    if errors := answer.json()["create"]["errors"]:
        raise ValueError(f"Airflow refused pools of airflow_settings.yaml: {errors}")


def _airflow(*arguments: str) -> Callable[[Settings], list[str]]:
    def command(_settings: Settings) -> list[str]:
        return [str(Path(sys.executable).with_name("airflow")), *arguments]

    return command


def _api_ready(settings: Settings) -> None:
    http.get(f"{settings['SHAMAL_AIRFLOW_URL']}/api/v2/version")


def _job_ready(name: str, settings: Settings) -> None:
    """Return when the health page knows a heartbeat of this start; an earlier run's stays "healthy" for a while."""
    part = name.replace("-", "_")
    health = http.get(f"{settings['SHAMAL_AIRFLOW_URL']}/api/v2/monitor/health").json()[part]
    heartbeat = health[f"latest_{part}_heartbeat"]
    if health["status"] != "healthy" or heartbeat is None:
        raise NotReadyError(f"Airflow's health page says {name} is {health['status']}")
    started = groups.started(settings, name)
    if started is None or datetime.datetime.fromisoformat(heartbeat).timestamp() < started:
        raise NotReadyError(f"Airflow's health page knows no heartbeat of {name} since its start")


def _job(name: str, *arguments: str) -> Server:
    return Server(
        name=name,
        address=None,
        ports=(),
        command=_airflow(name, *arguments),
        ready=partial(_job_ready, name),
        stage=3,
    )


SERVERS = (
    Server(
        name="api-server",
        address="SHAMAL_AIRFLOW_URL",
        ports=("SHAMAL_AIRFLOW_PORT",),
        command=_airflow("api-server"),
        ready=_api_ready,
        prepare=_prepare,
        seed=_seed,
        stage=3,
    ),
    # Task logs lie in a folder that the api-server reads itself; their servers would listen on every address.
    _job("scheduler", "--skip-serve-logs"),
    _job("dag-processor"),
    _job("triggerer", "--skip-serve-logs"),
)
