"""The pod runner: stands in for a Kubernetes node, with TLS and a bearer token as a cluster has them."""

from __future__ import annotations

import base64
import json
import secrets
import sys
from pathlib import Path

from local import http
from local.certificates import ensure_server_certificate
from local.files import write_private
from local.server import Connections, Server
from local.settings import Settings
from local.vault import Vault


def _seed(settings: Settings, vault: Vault) -> Connections:
    folder = Path(settings["SHAMAL_PODS_CREDENTIALS"])
    ensure_server_certificate(folder)
    token = vault.write_once("servers/pods", {"token": secrets.token_urlsafe(32)})["token"]
    write_private(folder / "token", token)
    authority = base64.b64encode((folder / "ca.crt").read_bytes()).decode()
    kube_config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "laptop",
                "cluster": {"server": settings["SHAMAL_PODS_URL"], "certificate-authority-data": authority},
            }
        ],
        "users": [{"name": "airflow", "user": {"token": token}}],
        "contexts": [{"name": "laptop", "context": {"cluster": "laptop", "user": "airflow", "namespace": "shamal"}}],
        "current-context": "laptop",
    }
    return {"kubernetes_default": {"extra": {"kube_config": json.dumps(kube_config)}}}


def _command(_settings: Settings) -> list[str]:
    return [sys.executable, "-m", "local.pod_runner"]


def _ready(settings: Settings) -> None:
    folder = Path(settings["SHAMAL_PODS_CREDENTIALS"])
    token = (folder / "token").read_text()
    http.get(
        f"{settings['SHAMAL_PODS_URL']}/api/v1/namespaces/shamal/pods",
        headers={"Authorization": f"Bearer {token}"},
        verify=str(folder / "ca.crt"),
    )


SERVER = Server(
    name="pods",
    address="SHAMAL_PODS_URL",
    ports=("SHAMAL_PODS_PORT",),
    command=_command,
    ready=_ready,
    seed=_seed,
    hint="It stands in for a Kubernetes node; local/pod_runner/README.md says what it can do.",
)
