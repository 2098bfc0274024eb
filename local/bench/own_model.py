"""A model of the bench's own on the test stack: the same on every machine, whatever else is served there."""

import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from shamal.providers.triton import deployment, traffic
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.repository import version_model

COLUMNS = 32
WIDTH = 64


def write(folder: Path, version: int) -> Path:
    """Write `model.onnx` and `golden.json`: 32 features, two hidden layers of 64, one score, weights by version."""
    from onnx import TensorProto, helper, numpy_helper, reference

    random = np.random.default_rng(version)
    constants = {"flat": np.array([-1])}
    nodes, value = [], "features"
    for layer, (inputs, outputs) in enumerate([(COLUMNS, WIDTH), (WIDTH, WIDTH), (WIDTH, 1)]):
        constants[f"weights{layer}"] = (random.normal(size=(inputs, outputs)) / inputs**0.5).astype(np.float32)
        nodes.append(helper.make_node("MatMul", [value, f"weights{layer}"], [f"sum{layer}"]))
        value = f"value{layer}"
        nodes.append(helper.make_node("Sigmoid" if outputs == 1 else "Relu", [f"sum{layer}"], [value]))
    nodes.append(helper.make_node("Reshape", [value, "flat"], ["score"]))
    graph = helper.make_graph(
        nodes,
        "bench",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", COLUMNS])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    features = rows()
    [score] = reference.ReferenceEvaluator(model).run(None, {"features": features})
    golden = {"inputs": features.tolist(), "scores": score.tolist()}
    (folder / "golden.json").write_text(json.dumps(golden))
    return folder / "model.onnx"


def rows() -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """Return the feature rows that are asked: float32 [4, 32]."""
    return np.random.default_rng(0).normal(size=(4, COLUMNS)).astype(np.float32)


@contextmanager
def served(hook: TritonHook, versions: int = 1) -> Iterator[str]:
    """Serve so many versions under a name of their own inside the block; version 1 is the champion."""
    name = f"bench_{uuid.uuid4().hex[:8]}"
    try:
        with TemporaryDirectory(prefix="shamal-bench-") as folder:
            for version in range(1, versions + 1):
                onnx = write(Path(folder) / str(version), version)
                digest = hashlib.sha256(onnx.read_bytes()).hexdigest()
                golden = onnx.with_name("golden.json")
                deployment.deploy(hook, name, version, path=onnx.parent, sha256=digest, golden=golden)
        traffic.route(hook, name, 1)
        yield name
    finally:
        _remove(hook, name)


def _remove(hook: TritonHook, name: str) -> None:
    repository = hook.repository
    hook.unload(name)
    for version in repository.versions(name):
        hook.unload(version_model(name, version))
        repository.remove_version(name, version)
    # The router closes its log while it is unloaded.
    time.sleep(1)
    for folder in (repository.root / name, hook.prediction_log / name):
        if folder.exists():
            shutil.rmtree(folder)
    repository.approve()
