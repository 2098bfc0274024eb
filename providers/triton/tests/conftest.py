"""Small ONNX models for the tests of this provider."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shamal.providers.triton import deployment
from shamal.providers.triton.testing import FakeTriton

COLUMNS = 4


@pytest.fixture
def make_version(tmp_path: Path) -> Callable[[int], dict[str, Any]]:
    """Write a logistic model with weights of its own; return DeployModelOperator's path, sha256 and golden."""

    def make(version: int, broken: bool = False) -> dict[str, Any]:
        from onnx import TensorProto, helper, numpy_helper

        folder = tmp_path / "trained" / str(version)
        folder.mkdir(parents=True)
        random = np.random.default_rng(version)
        weights = random.normal(size=(COLUMNS, 1)).astype(np.float32)
        graph = helper.make_graph(
            [
                helper.make_node("MatMul", ["features", "weights"], ["logit"]),
                helper.make_node("Sigmoid", ["logit"], ["column"]),
                helper.make_node("Reshape", ["column", "flat"], ["score"]),
            ],
            "logistic",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", COLUMNS])],
            [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
            [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.array([-1]), "flat")],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx = folder / "model.onnx"
        onnx.write_bytes(b"no model" if broken else model.SerializeToString())
        rows = random.normal(size=(3, COLUMNS)).astype(np.float32)
        scores = 1 / (1 + np.exp(-(rows @ weights)[:, 0]))
        golden = folder / "golden.json"
        golden.write_text(json.dumps({"inputs": rows.tolist(), "scores": scores.tolist()}))
        digest = hashlib.sha256(onnx.read_bytes()).hexdigest()
        return {"path": str(folder), "sha256": digest, "golden": str(golden)}

    return make


@pytest.fixture
def triton(tmp_path):
    return FakeTriton(tmp_path)


@pytest.fixture
def deploy(triton, make_version):
    def deploy(version, **changes):
        files = make_version(version, broken=changes.pop("broken", False)) | changes
        return deployment.deploy(
            triton,
            "churn",
            version,
            path=Path(files["path"]),
            sha256=files["sha256"],
            golden=Path(files["golden"]),
        )

    return deploy
