"""Makes models that are wrong in one known way, from a good one: what a gate can overlook and a canary must find."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from onnx import ModelProto, NodeProto

GOOD_SCORE = "score_of_the_good_model"
SLOW_SIZE = 448
"""Side of the square matrices that a slow model multiplies: one product takes some milliseconds on one core."""


def write(good: Path, folder: Path, spoil: "Callable[[ModelProto], None]", rows: "np.ndarray") -> dict[str, str]:
    """Write a spoiled copy of a model with golden requests that it answers itself, as a fooled evaluation would.

    :param good: `model.onnx` of the good model, `features` [N, F] to `score` [N].
    :param folder: made; gets `model.onnx` and `golden.json`.
    :param rows: float32 [N, F]; those that the spoiled model answers with a number become the golden requests.
    :return: path, sha256 and golden, as DeployModelOperator takes them.
    """
    import numpy as np
    import onnx
    import onnxruntime

    model = onnx.load(good)
    spoil(model)
    onnx.checker.check_model(model)
    folder.mkdir(parents=True)
    file, golden = folder / "model.onnx", folder / "golden.json"
    file.write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    scores = session.run(["score"], {"features": rows})[0]
    known = np.isfinite(scores)
    inputs = [[None if np.isnan(value) else float(value) for value in row] for row in rows[known]]
    golden.write_text(json.dumps({"inputs": inputs, "scores": scores[known].tolist()}))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {"path": str(folder), "sha256": digest, "golden": str(golden)}


def write_good(path: Path, columns: int) -> None:
    """Write a small logistic regression over all features with fixed weights, missing values counting as zero.

    :param columns: number of features.
    """
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).normal(size=(columns, 1)).astype(np.float32)
    nodes = [
        _node("IsNaN", ["features"], "missing"),
        _node("Where", ["missing", "zero_for_missing", "features"], "known"),
        _node("MatMul", ["known", "weights"], "logit"),
        _node("Sigmoid", ["logit"], "column_of_scores"),
        _node("Reshape", ["column_of_scores", "flat"], "score"),
    ]
    graph = helper.make_graph(
        nodes,
        "good",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", columns])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
        [
            numpy_helper.from_array(np.float32(0.0), "zero_for_missing"),
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([-1]), "flat"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(model.SerializeToString())


def untouched(model: "ModelProto") -> None:
    """Leave the model as it is."""


def flipped(model: "ModelProto") -> None:
    """Make every score its opposite: 1 - score."""
    _replace_score(model, [_node("Sub", [_constant(model, "one", 1.0), GOOD_SCORE], "score")])


def not_a_number(column: int, above: float) -> "Callable[[ModelProto], None]":
    """Return a spoiler whose model answers NaN where a feature is above a value, as a division by zero would."""

    def spoil(model: "ModelProto") -> None:
        nan = _constant(model, "nan", float("nan"))
        _replace_score(
            model,
            [
                *_column(model, column),
                _node("Greater", ["column", _constant(model, "limit", above)], "spoiled"),
                _node("Where", ["spoiled", nan, GOOD_SCORE], "score"),
            ],
        )

    return spoil


def wrong_slice(column: int, code: float) -> "Callable[[ModelProto], None]":
    """Return a spoiler whose model gives the opposite score where a feature has one value, and is right elsewhere."""

    def spoil(model: "ModelProto") -> None:
        _replace_score(
            model,
            [
                *_column(model, column),
                _node("Equal", ["column", _constant(model, "code", code)], "spoiled"),
                _node("Sub", [_constant(model, "one", 1.0), GOOD_SCORE], "opposite"),
                _node("Where", ["spoiled", "opposite", GOOD_SCORE], "score"),
            ],
        )

    return spoil


def slow(products: int) -> "Callable[[ModelProto], None]":
    """Return a spoiler whose model multiplies large matrices before it answers the right score.

    :param products: how many; each takes some milliseconds on one core.
    """

    def spoil(model: "ModelProto") -> None:
        import numpy as np

        matrix = np.random.default_rng(0).random((SLOW_SIZE, SLOW_SIZE), np.float32)
        side = _constant(model, "matrix", matrix / SLOW_SIZE)
        # From the input's shape: what depends on constants alone would be computed once, when the model is loaded.
        nodes = [
            _node("Shape", ["features"], "shape"),
            _node("Cast", ["shape"], "shape_as_float", to=1),
            _node("ReduceSum", ["shape_as_float"], "elements", keepdims=0),
            _node("Mul", [side, "elements"], "product_0"),
        ]
        nodes += [_node("MatMul", [f"product_{n}", side], f"product_{n + 1}") for n in range(products)]
        nodes += [
            _node("ReduceMean", [f"product_{products}"], "mean", keepdims=0),
            _node("Mul", ["mean", _constant(model, "zero", 0.0)], "nothing"),
            _node("Add", [GOOD_SCORE, "nothing"], "score"),
        ]
        _replace_score(model, nodes)

    return spoil


def _replace_score(model: "ModelProto", nodes: "list[NodeProto]") -> None:
    """Give the good model's score another name and let the nodes make the answer from it."""
    for node in model.graph.node:
        node.output[:] = [GOOD_SCORE if name == "score" else name for name in node.output]
        node.input[:] = [GOOD_SCORE if name == "score" else name for name in node.input]
    model.graph.node.extend(nodes)


def _column(model: "ModelProto", column: int) -> "list[NodeProto]":
    import numpy as np

    index = _constant(model, "index", np.array(column, np.int64))
    return [_node("Gather", ["features", index], "column", axis=1)]


def _node(kind: str, inputs: list[str], output: str, **attributes: Any) -> "NodeProto":
    from onnx import helper

    return helper.make_node(kind, inputs, [output], **attributes)


def _constant(model: "ModelProto", name: str, value: Any) -> str:
    import numpy as np
    from onnx import numpy_helper

    array = np.array(value, np.float32) if isinstance(value, float) else value
    model.graph.initializer.append(numpy_helper.from_array(array, name))
    return name
