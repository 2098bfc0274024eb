"""Triton: serves models; after a restart it loads the last approved set by itself."""

from __future__ import annotations

import json
import os
from pathlib import Path

from local import http
from local.server import Secret, Server
from local.settings import Settings

PYTHON_BACKEND = ("libtriton_python.so", "triton_python_backend_utils.py")


def _site_packages(settings: Settings) -> Path:
    found = list(Path(settings["SHAMAL_TRITON_VENV"]).glob("lib/python3.*/site-packages"))
    if not found:
        raise FileNotFoundError(
            f"Triton's environment {settings['SHAMAL_TRITON_VENV']} (SHAMAL_TRITON_VENV in local/env) is missing. "
            "Run `bash local/install.sh`."
        )
    return found[0]


def _prepare(settings: Settings) -> None:
    """Lay out the python backend: its stub must lie beside its library, the package has them apart."""
    Path(settings["SHAMAL_TRITON_MODELS"]).mkdir(parents=True, exist_ok=True)
    Path(settings["SHAMAL_PREDICTIONS"]).mkdir(parents=True, exist_ok=True)
    packages = _site_packages(settings)
    server = packages / "pytriton" / "tritonserver"
    stub = server / "python_backend_stubs" / packages.parent.name.removeprefix("python") / "triton_python_backend_stub"
    backend = _backends(settings) / "python"
    backend.mkdir(parents=True, exist_ok=True)
    for file in [*(server / "backends" / "python" / name for name in PYTHON_BACKEND), stub]:
        link = backend / file.name
        link.unlink(missing_ok=True)
        link.symlink_to(file)


def _backends(settings: Settings) -> Path:
    return Path(settings["SHAMAL_STATE"]) / "triton" / "backends"


def _approved(settings: Settings) -> list[str]:
    """Return the models that were in production last; the release DAG's operators keep the list."""
    path = Path(settings["SHAMAL_TRITON_MODELS"]) / "approved.json"
    if not path.exists():
        return []
    models: list[str] = json.loads(path.read_text())["load"]
    return models


def _command(settings: Settings) -> list[str]:
    command = [str(_site_packages(settings) / "pytriton" / "tritonserver" / "bin" / "tritonserver")]
    command += [f"--model-repository={settings['SHAMAL_TRITON_MODELS']}", f"--backend-directory={_backends(settings)}"]
    # A model that fails to load must take neither the server nor the other models' readiness down.
    command += ["--model-control-mode=explicit", "--exit-on-error=false", "--strict-readiness=false"]
    command += [f"--load-model={model}" for model in _approved(settings)]
    for protocol in ("http", "grpc", "metrics"):
        port = settings[f"SHAMAL_TRITON_{protocol.upper()}_PORT"]
        command += [f"--{protocol}-address=127.0.0.1", f"--{protocol}-port={port}"]
    return command


def _environment(settings: Settings, _secret: Secret) -> dict[str, str]:
    binaries = f"{settings['SHAMAL_TRITON_VENV']}/bin"
    return {
        "LD_LIBRARY_PATH": str(_site_packages(settings) / "nvidia_pytriton.libs"),
        # The python backend runs the first python3 on the PATH.
        "PATH": os.pathsep.join([binaries, os.environ.get("PATH", os.defpath)]),
    }


def _ready(settings: Settings) -> None:
    http.get(f"http://127.0.0.1:{settings['SHAMAL_TRITON_HTTP_PORT']}/v2/health/ready")


SERVER = Server(
    name="triton",
    address="SHAMAL_TRITON_URL",
    ports=("SHAMAL_TRITON_HTTP_PORT", "SHAMAL_TRITON_GRPC_PORT", "SHAMAL_TRITON_METRICS_PORT"),
    command=_command,
    ready=_ready,
    prepare=_prepare,
    environment=_environment,
    hint="The python backend needs libpython3.11 (packages.txt) and .venv-triton (local/install.sh).",
)
