"""MLflow: experiment tracking and the model registry, with basic authentication."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from local import http
from local.files import write_private
from local.server import Connections, Secret, Server
from local.settings import Settings
from local.vault import Vault

# The administrator's name and password come from the environment, so this file holds no secret. Checking a password
# costs 0.4 s of a core per request (scrypt), hence the cache: a changed password counts after a minute.
AUTH_INI = """\
[mlflow]
default_permission = READ
database_uri = sqlite:///{state}/auth.db
auth_cache_ttl_seconds = 60
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
"""


def _prepare(settings: Settings) -> None:
    state = Path(settings["SHAMAL_MLFLOW_STATE"])
    (state / "artifacts").mkdir(parents=True, exist_ok=True)
    write_private(state / "auth.ini", AUTH_INI.format(state=state))


def _seed(_settings: Settings, vault: Vault) -> Connections:
    entry = vault.write_once(
        "servers/mlflow",
        {"username": "admin", "password": secrets.token_urlsafe(24), "flask_secret_key": secrets.token_urlsafe(32)},
    )
    return {"mlflow_default": {"login": entry["username"], "password": entry["password"]}}


def _environment(settings: Settings, secret: Secret) -> dict[str, str]:
    return {
        "MLFLOW_AUTH_CONFIG_PATH": f"{settings['SHAMAL_MLFLOW_STATE']}/auth.ini",
        "MLFLOW_AUTH_ADMIN_USERNAME": secret["username"],
        "MLFLOW_AUTH_ADMIN_PASSWORD": secret["password"],
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secret["flask_secret_key"],
    }


def _command(settings: Settings) -> list[str]:
    state = settings["SHAMAL_MLFLOW_STATE"]
    command = [sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth", "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", settings["SHAMAL_MLFLOW_PORT"]]
    command += ["--backend-store-uri", f"sqlite:///{state}/mlflow.db"]
    command += ["--artifacts-destination", f"{state}/artifacts", "--serve-artifacts"]
    return command


def _ready(settings: Settings) -> None:
    http.get(f"{settings['SHAMAL_MLFLOW_URL']}/health")


SERVER = Server(
    name="mlflow",
    address="SHAMAL_MLFLOW_URL",
    ports=("SHAMAL_MLFLOW_PORT",),
    command=_command,
    ready=_ready,
    prepare=_prepare,
    seed=_seed,
    secret="mlflow",  # noqa: S106 - the entry's name
    environment=_environment,
)
