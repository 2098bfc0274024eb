import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.pod_runner.credentials import kubeconfig, make_credentials
from local.pod_runner.images import PROJECT_ROOT

TOKEN = "a-token-of-these-tests"
NAMESPACE = "shamal"


class Runner:
    """A really started pod runner in a scratch folder."""

    def __init__(self, state: Path) -> None:
        self.root = state / "pods"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.credentials = self.root / "credentials"
        make_credentials(self.credentials, TOKEN)
        self.environment = os.environ | {
            "SHAMAL_STATE": str(state),
            "SHAMAL_PODS_PORT": str(self.port),
            "AIRFLOW__CORE__FERNET_KEY": "a secret of the runner's own environment",
        }
        self.start()

    @property
    def kubeconfig(self) -> dict[str, Any]:
        return kubeconfig(self.credentials, self.port)

    def start(self) -> None:
        with (self.root / "runner.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.pod_runner"],
                cwd=PROJECT_ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        until(self._listens, 20)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(10)

    def stop_pods(self) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "local.pod_runner", "stop-pods"],
            cwd=PROJECT_ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stderr

    def state(self, name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.root / NAMESPACE / name / "state.json").read_text())
        return content

    def _listens(self) -> bool:
        assert self.process.poll() is None, (self.root / "runner.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def until(holds: Callable[[], Any], seconds: float = 15) -> Any:
    """Wait for something to hold and return it."""
    end = time.monotonic() + seconds
    while not (result := holds()):
        assert time.monotonic() < end, "it did not come to hold in time"
        time.sleep(0.05)
    return result


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    return until


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    started = Runner(tmp_path_factory.mktemp("state"))
    yield started
    if started.process.poll() is None:
        started.stop()
    started.stop_pods()
    left = [p for p in psutil.process_iter(["cmdline"]) if str(started.root) in " ".join(p.info["cmdline"] or [])]
    assert left == []


@pytest.fixture(scope="module")
def api(runner: Runner) -> Any:
    from kubernetes import config
    from kubernetes.client import CoreV1Api

    return CoreV1Api(config.new_client_from_config_dict(runner.kubeconfig))


@pytest.fixture
def create(api: Any) -> Iterator[Callable[..., Any]]:
    """Create a pod that runs a shell script; every pod of a test is deleted after it."""
    names = []

    def make(name: str, script: str = "sleep 60", *, metadata: Any = None, spec: Any = None, **container: Any) -> Any:
        names.append(name)
        base = {"name": "base", "image": "shamal/train:0.1.0", "command": ["sh", "-c", script]} | container
        manifest = {
            "metadata": {"name": name} | (metadata or {}),
            "spec": {"restartPolicy": "Never", "containers": [base]} | (spec or {}),
        }
        return api.create_namespaced_pod(NAMESPACE, manifest)

    yield make
    from kubernetes.client.exceptions import ApiException

    for name in names:
        with suppress(ApiException):  # refused, or deleted by its test
            api.delete_namespaced_pod(name, NAMESPACE, grace_period_seconds=0)
    until(lambda: not {pod.metadata.name for pod in api.list_namespaced_pod(NAMESPACE).items} & set(names))


@pytest.fixture
def read_log(api: Any) -> Callable[..., str]:
    """Read a pod's log as text (the client's own decoding gives the text of a bytes literal)."""

    def read(name: str, **options: Any) -> str:
        response = api.read_namespaced_pod_log(name, NAMESPACE, _preload_content=False, **options)
        text: str = response.data.decode()
        return text

    return read


@pytest.fixture
def wait_for(api: Any) -> Callable[..., Any]:
    """Wait until a pod is in one of some phases and return it."""

    def wait(name: str, *phases: str, seconds: float = 15) -> Any:
        def reached() -> Any:
            pod = api.read_namespaced_pod(name, NAMESPACE)
            return pod if pod.status.phase in phases else None

        return until(reached, seconds)

    return wait
