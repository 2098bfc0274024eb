"""One model on the running servers, asked 50 times a second, with a way to break things around it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from include.release import promotion
from local.faults import models
from local.faults.registration import register
from local.settings import Settings
from local.shares import until_share
from local.traffic import Traffic
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.triton import deployment
from shamal.providers.triton.canary import plan
from shamal.providers.triton.canary.controller import Canary
from shamal.providers.triton.hooks.triton import TritonHook

COLUMNS = 4
SLICE, SPOILED = 0, 1
"""Feature 0 is a category of four values; feature 1 is a number around zero that spoiled models look at."""
LIMITS = {
    "min_requests": 20,
    "max_error_rate": 0.1,
    "slow_ms": 10,
    "max_slow_rate": 0.3,
    "disagreement": 0.1,
    "max_disagreement_rate": 0.2,
}


@dataclass
class World:
    """A served model and what breaks it.

    :param settings: of the running stack.
    :param model: its name, of its own.
    :param scratch: folder for files.
    """

    settings: Settings
    model: str
    scratch: Path
    triton: TritonHook = field(default_factory=TritonHook)
    mlflow: MlflowRegistryHook = field(default_factory=MlflowRegistryHook)
    rows: Any = field(init=False)
    # Clients of Triton belong to the thread that made them.
    _own: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        random = np.random.default_rng(0)
        self.rows = random.normal(size=(500, COLUMNS)).astype(np.float32)
        self.rows[:, SLICE] = random.integers(0, 4, len(self.rows))
        models.write_good(self.good, COLUMNS)

    @property
    def good(self) -> Path:
        """The model that version 1 is."""
        return self.scratch / "good.onnx"

    def files(self, name: str, spoil: Any = models.untouched) -> dict[str, str]:
        """Return a version's files, made from the good model."""
        return models.write(self.good, self.scratch / name, spoil, self.rows[:50])

    def registered(self, name: str, spoil: Any = models.untouched) -> tuple[int, dict[str, str]]:
        """Register a version as if it had passed its gates; return it with its files."""
        files = self.files(name, spoil)
        gates = self.scratch / "gates.json"
        gates.write_text("{}")
        return register(self.mlflow, self.model, files, width=COLUMNS, tags={"shamal.fault": name}, gates=gates), files

    def deploy(self, version: int, files: dict[str, str]) -> None:
        """Bring a version to the server, without traffic."""
        deployment.deploy(
            self.triton,
            self.model,
            version,
            path=Path(files["path"]),
            sha256=files["sha256"],
            golden=Path(files["golden"]),
        )

    def promote(self, version: int, expected: int | None) -> dict[str, Any]:
        """Make a version the champion; the reason names it, so that two at once are no retries of one another."""
        own = self._own.__dict__
        triton = own.setdefault("triton", TritonHook(self.triton.triton_conn_id))
        mlflow = own.setdefault("mlflow", MlflowRegistryHook(self.mlflow.mlflow_conn_id))
        reason = f"proof of a fault with version {version}"
        return promotion.promote(triton, mlflow, self.model, version, expected, by="faults", reason=reason)

    def rollback(self) -> dict[str, Any]:
        """Give the traffic back to the version before."""
        return promotion.rollback(self.triton, self.mlflow, self.model, by="faults", reason="proof of a fault")

    def serve(self) -> int:
        """Make a good first version the champion and return it."""
        version, files = self.registered("first")
        self.deploy(version, files)
        self.promote(version, None)
        return version

    def ask(self, number: int) -> int:
        """Send one request and return the version that answered.

        :raises ValueError: the answer is no number: no client may ever see one.
        """
        row = self.rows[number % len(self.rows)][np.newaxis]
        hook = self._own.__dict__.setdefault("triton", TritonHook(self.triton.triton_conn_id))
        answer = hook.infer(self.model, row, entity_id=[f"entity-{number}"], protocol="grpc")
        if not np.isfinite(answer["score"]).all():
            raise ValueError(f"version {answer['model_version']} answered {answer['score']}")
        return int(answer["model_version"][0])

    def traffic(self) -> Traffic:
        """Return requests at 50 per second."""
        return Traffic(self.ask)

    def begin_canary(self, version: int, steps: list[dict[str, float]], limits: dict[str, float] | None = None) -> str:
        """Begin a canary that nobody controls yet; return the name of its run.

        :param limits: other than LIMITS.
        """
        route = self.triton.repository.route(self.model)
        if route is None:
            raise LookupError(f"{self.model} is not served")
        run = f"faults/{self.model}/{version}"
        planned = plan.make(
            steps,
            shadow_seconds=0,
            limits=LIMITS | (limits or {}),
            confidence=0.99,
            hold_seconds=60,
            unsure="rollback",
        )
        Canary(self.triton, self.model, run).begin(version, route, planned, time.time())
        return run

    @contextmanager
    def controller(self, run: str) -> Iterator[subprocess.Popen[str]]:
        """Start a process that controls the canary of a run, and kill it after the block."""
        arguments = {"model": self.model, "run": run, "triton_conn_id": self.triton.triton_conn_id}
        process = subprocess.Popen(
            [sys.executable, "-m", "local.faults.controller", json.dumps(arguments)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def until_share(self, version: int, *, given: bool) -> float:
        """Wait until the version has a share, or none; return when that was (Unix seconds)."""
        return until_share(self.triton.repository, self.model, version, given=given)

    def remove(self) -> None:
        """Take everything of this model away again."""
        from mlflow.exceptions import MlflowException

        repository = self.triton.repository
        self.triton.unload(self.model)
        for version in repository.versions(self.model):
            self.triton.unload(f"{self.model}__v{version}")
            repository.remove_version(self.model, version)
        if (repository.root / self.model).is_dir():
            repository.remove_router(self.model)
        repository.approve()
        with suppress(MlflowException):
            self.mlflow.get_conn().delete_registered_model(self.model)


@contextmanager
def world(settings: Settings, fault: str) -> Iterator[World]:
    """Lend a served model for one fault and take it away afterwards.

    :param fault: becomes part of the model's name.
    """
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        made = World(settings, f"fault_{fault}_{uuid.uuid4().hex[:8]}", Path(scratch))
        try:
            yield made
        finally:
            made.remove()
