"""A Triton without a server: `FakeTriton` runs the ONNX files of a real model repository in this process.

    operator = DeployModelOperator(task_id="deploy", ...)
    operator.hook = FakeTriton(tmp_path)

It serves the champion of `router.json` at once. What it does not do: weights, batching, the prediction
log, features by key.
"""

import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from airflow.sdk import Connection

from shamal.providers.triton import load
from shamal.providers.triton.errors import ModelLoadFailed, TritonUnavailable
from shamal.providers.triton.hooks.triton import Backend, Protocol, TritonHook
from shamal.providers.triton.router import champion, route


class FakeTriton(TritonHook):
    """Everything a TritonHook does, on a folder.

    :param root: the model repository and the prediction log are made in it.
    :param live: False: every call raises TritonUnavailable.
    """

    def __init__(self, root: Path, *, live: bool = True) -> None:
        super().__init__("fake")
        extra = {"model_repository": str(root / "models"), "prediction_log": str(root / "predictions"), "grpc_port": 0}
        self.connection = Connection(conn_id="fake", host="fake", port=0, extra=json.dumps(extra))
        self.live = live
        self.loaded: dict[str, Any] = {}

    def server_live(self) -> bool:
        """Return `live`."""
        return self.live

    def ready(self, name: str) -> bool:
        """Return whether the model was loaded."""
        self._check_live()
        return name in self.loaded

    def backend(self, name: str) -> Backend:
        """Return `python`, as the laptop's server does."""
        self._check_live()
        return "python"

    def load(self, name: str) -> None:
        """Open the version's ONNX file; a router opens its champion's when it is asked."""
        self._check_live()
        folder = self.repository.root / name
        try:
            self.loaded[name] = None if (folder / "router.json").exists() else champion.open_session(folder)
        except Exception as error:  # onnxruntime's errors share no base class
            raise ModelLoadFailed(f"Triton at fake cannot load {name}: {error}") from error

    def loaded_models(self) -> set[str]:
        """Return what was loaded."""
        self._check_live()
        return set(self.loaded)

    def unload(self, name: str) -> None:
        """Forget the model."""
        self._check_live()
        self.loaded.pop(name, None)

    def infer(
        self,
        name: str,
        features: Any,
        *,
        entity_id: list[str] | None = None,
        event_timestamp: Any = None,
        log: bool = True,
        protocol: Protocol = "rest",
    ) -> dict[str, Any]:
        """Run the version's file, or the champion's for a router."""
        self._check_live()
        rows = np.asarray(features, np.float32)
        if self.loaded[name] is not None:
            return {"score": self.loaded[name].run(["score"], {"features": rows})[0]}
        folder = self.repository.root / name
        version = route.read(folder / "router.json").champion
        session = champion.open_session(champion.version_folder(folder, version))
        return {
            "score": session.run(["score"], {"features": rows})[0],
            "model_version": np.full(len(rows), version, np.int32),
            "prediction_id": np.array([uuid.uuid4().hex.encode() for _ in rows], np.object_),
        }

    def latencies(self, name: str, features: Any, *, concurrency: int, seconds: float) -> list[float]:
        """Measure the version's file in this process."""
        calls = [lambda: self.infer(name, features)] * concurrency
        return load.closed_loop(calls, seconds)

    def batched(self, name: str) -> bool:
        """Return False, as for the laptop's server."""
        self._check_live()
        return False

    def _check_live(self) -> None:
        if not self.live:
            raise TritonUnavailable("Triton (connection fake, fake:0) does not answer; see tritonserver's log")
