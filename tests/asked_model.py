"""A small model on the test stack that is asked all the time, with a second version beside it, for canaries."""

import hashlib
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from shamal.providers.triton import deployment
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.router.route import Route


@contextmanager
def asked_model(folder: Path) -> Iterator[str]:
    """Serve version 1 under real requests, version 2 loaded beside it, and yield the model's name.

    :param folder: for the model's files.
    """
    hook, name, stop = TritonHook(), f"asked_{uuid.uuid4().hex[:8]}", threading.Event()
    files = _write(folder)
    for version in (1, 2):
        deployment.deploy(hook, name, version, **files)
    hook.repository.write_route(name, None, Route(1, None, {1: 1.0}), hook.prediction_log, hook.prediction_log_seconds)
    hook.load(name)
    answered: list[bool] = []

    def ask() -> None:
        client = TritonHook()
        while not stop.wait(0.01):
            answered.append(client.infer(name, np.ones((1, 3)), protocol="grpc")["score"].tolist() == [1.0])

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield name
        assert asking.is_alive(), "a request failed"
        assert all(answered)
    finally:
        stop.set()
        asking.join()
        hook.unload(name)
        for version in (1, 2):
            hook.unload(f"{name}__v{version}")
            hook.repository.remove_version(name, version)
        (hook.repository.root / name / "router.json").unlink()
        hook.repository.approve()


def _write(folder: Path) -> dict[str, Any]:
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["features"], ["score"], axes=[1], keepdims=0)],
        "mean",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", 3])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    (folder / "golden.json").write_text(json.dumps({"inputs": [[1.0, 2.0, 3.0]], "scores": [2.0]}))
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    return {"path": folder, "sha256": digest, "golden": folder / "golden.json"}
