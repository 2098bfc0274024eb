"""The pod runner: stands in for a Kubernetes node, with TLS and a bearer token as a cluster has them."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path

from local import http
from local.pod_runner.credentials import kubeconfig, make_credentials
from local.server import Connections, Server
from local.settings import HOME, Settings, process_environment
from local.vault import Vault


def stop_pods(settings: Settings) -> None:
    """End every pod: pods outlive the runner, but not the stack."""
    command = [*_command(settings), "stop-pods"]
    subprocess.run(command, cwd=HOME, env=process_environment(settings), check=True)


def _seed(settings: Settings, vault: Vault) -> Connections:
    folder = Path(settings["SHAMAL_PODS_CREDENTIALS"])
    make_credentials(folder, vault.write_once("servers/pods", {"token": secrets.token_urlsafe(32)})["token"])
    kube_config = json.dumps(kubeconfig(folder, int(settings["SHAMAL_PODS_PORT"])))
    return {"kubernetes_default": {"extra": {"kube_config": kube_config}}}


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
