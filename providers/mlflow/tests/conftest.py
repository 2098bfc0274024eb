"""A small training set and training output, and the context of a task."""

# ruff: noqa: TID253 - tests use what the tasks use

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from onnx import TensorProto, helper, numpy_helper

FEATURES = ["distance", "wind", "carrier"]
WEIGHTS = np.array([[2.0], [-1.0], [0.5]], dtype=np.float32)


def write_training_set(folder: Path, task: str, rows: int = 2000) -> Path:
    folder.mkdir()
    random = np.random.default_rng(7)
    for split in ("train", "evaluation"):
        distance = random.normal(size=rows).astype(np.float32)
        wind = random.normal(size=rows).astype(np.float32)
        carrier = random.integers(0, 5, size=rows).astype(np.float32)
        # The squared term is what a linear baseline cannot see.
        signal = 2 * distance - wind + 0.5 * carrier + 1.5 * distance**2 - 2.5
        noise = random.logistic(size=rows)
        label = (signal + noise > 0).astype(np.int64) if task == "binary_classification" else signal + noise
        wind[::50] = np.nan
        columns = {"distance": distance, "wind": wind, "carrier": carrier, "late": label}
        pq.write_table(pa.table(columns), folder / f"{split}.parquet")
    described = {
        "features": FEATURES,
        "categorical": {"carrier": 5},
        "label": "late",
        "keys": ["flight_id"],
        "digest": "a" * 64,
        "snapshot_id": 42,
        "rows": {"train": rows, "evaluation": rows},
    }
    (folder / "training_set.json").write_text(json.dumps(described))
    return folder


def write_training_output(
    folder: Path, task: str, *, width: int = 3, weights: np.ndarray = WEIGHTS, guarded: bool = True
) -> Path:
    folder.mkdir()

    def constant(name: str, value: object) -> onnx.TensorProto:
        return numpy_helper.from_array(np.asarray(value, dtype=np.float32), name)

    nodes = [
        helper.make_node("IsNaN", ["features"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "features"], ["filled"]),
        helper.make_node("Clip", ["filled" if guarded else "features", "low", "high"], ["clipped"]),
        helper.make_node("MatMul", ["clipped", "weights"], ["linear"]),
        helper.make_node("Slice", ["clipped", "from", "to", "axis"], ["first"]),
        helper.make_node("Mul", ["first", "first"], ["square"]),
        helper.make_node("Mul", ["square", "curve"], ["bend"]),
        helper.make_node("Add", ["linear", "bend"], ["bent"]),
        helper.make_node("Add", ["bent", "bias"], ["raw"]),
        helper.make_node("Squeeze", ["raw", "axis"], ["flat" if task == "binary_classification" else "score"]),
    ]
    if task == "binary_classification":
        nodes.append(helper.make_node("Sigmoid", ["flat"], ["score"]))
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", width])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
        [
            *[constant("zero", 0.0), constant("low", -100.0), constant("high", 100.0), constant("curve", 1.5)],
            constant("weights", np.resize(weights, (width, 1))),
            constant("bias", -2.5),
            *[numpy_helper.from_array(np.array([n], np.int64), k) for k, n in (("from", 0), ("to", 1), ("axis", 1))],
        ],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), folder / "model.onnx"
    )
    (folder / "weights.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    record = {
        "epochs": 3,
        "losses": [0.7, 0.5, 0.4],
        "validation_losses": [0.7, 0.6, 0.5],
        "seed": 7,
        "device": "cpu",
        "precision": "float32",
        "onnx_max_abs_diff": 1e-6,
        "config": {"batch_size": 256},
        "libraries": {"torch": "2.13.0"},
        "onnx_sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(),
        "training_set_digest": "a" * 64,
    }
    (folder / "training.json").write_text(json.dumps(record))
    return folder


@pytest.fixture
def training_set(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a training set for a task."""
    return lambda task="binary_classification", **kwargs: write_training_set(tmp_path / "set", task, **kwargs)


@pytest.fixture
def training_output(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a training output for a task."""
    return lambda task="binary_classification", **kwargs: write_training_output(tmp_path / "output", task, **kwargs)


@pytest.fixture
def context() -> Callable[..., dict[str, object]]:
    """Return a function that makes the context of a task attempt."""

    def make(run_id: str = "manual__1", task_id: str = "evaluate", user: str | None = None) -> dict[str, object]:
        ti = SimpleNamespace(dag_id="flight_delays_train", run_id=run_id, task_id=task_id, map_index=-1)
        dag, dag_run = SimpleNamespace(folder=str(Path(__file__).parent)), SimpleNamespace(triggering_user_name=user)
        return {"ti": ti, "dag": dag, "dag_run": dag_run}

    return make
