"""A Triton of the test's own is killed; what starts again is what was approved last, also by a rollback meanwhile."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from local import settings as stack_settings
from local.servers.triton import SERVER
from local.settings import Settings, process_environment
from shamal.providers.mlflow.testing import FakeMlflow
from shamal.providers.triton import traffic
from shamal.providers.triton.hooks.triton import TritonHook
from tests.released_model import COLUMNS, ReleasedModel
from tests.support import until

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = stack_settings.load("test")
    ports = {f"SHAMAL_TRITON_{name}_PORT": str(free_port()) for name in ("HTTP", "GRPC", "METRICS")}
    places = {
        "SHAMAL_STATE": str(tmp_path),
        "SHAMAL_TRITON_MODELS": str(tmp_path / "models"),
        "SHAMAL_PREDICTIONS": str(tmp_path / "predictions"),
    }
    return settings | ports | places


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def hook(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> TritonHook:
    values = {
        "conn_type": "shamal_triton",
        "host": "127.0.0.1",
        "port": int(settings["SHAMAL_TRITON_HTTP_PORT"]),
        "extra": {
            "grpc_port": int(settings["SHAMAL_TRITON_GRPC_PORT"]),
            "model_repository": settings["SHAMAL_TRITON_MODELS"],
            "prediction_log": settings["SHAMAL_PREDICTIONS"],
        },
    }
    monkeypatch.setenv("AIRFLOW_CONN_TRITON_OWN", json.dumps(values))
    return TritonHook("triton_own")


@pytest.fixture
def running(settings: Settings, tmp_path: Path) -> Callable[[], Any]:
    """Return a context in which the server runs; it ends by SIGKILL."""

    @contextmanager
    def run() -> Iterator[None]:
        SERVER.prepare(settings)
        environment = process_environment(settings) | SERVER.environment(settings, {})
        with (tmp_path / "triton.log").open("a") as log:
            server = subprocess.Popen(
                SERVER.command(settings), env=environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            until("Triton answers", lambda: TritonHook("triton_own").server_live(), 60)
            yield
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()

    return run


def test_a_killed_triton_starts_with_the_last_approved_set(
    hook: TritonHook, running: Callable[[], Any], tmp_path: Path
) -> None:
    def answers() -> list[int]:
        fresh = TritonHook("triton_own")
        until("the router is loaded", lambda: fresh.ready("churn"), 60)
        found: list[int] = fresh.infer("churn", np.zeros((1, COLUMNS)))["model_version"].tolist()
        return found

    model = ReleasedModel(hook, FakeMlflow(tmp_path / "mlflow"), tmp_path / "trained", "churn")
    with running():
        model.candidates(1, 2, 3)
        model.promote(1, None)
        model.promote(2, 1)
        assert hook.loaded_models() == {"churn", "churn__v1", "churn__v2", "churn__v3"}
    with running():
        assert answers() == [2]
        assert TritonHook("triton_own").loaded_models() == {"churn", "churn__v1", "churn__v2"}
    assert traffic.rollback(TritonHook("triton_own"), "churn", by="bob", reason="it is bad")["champion"] == 1
    with running():
        assert answers() == [1]
        assert TritonHook("triton_own").loaded_models() == {"churn", "churn__v1"}
