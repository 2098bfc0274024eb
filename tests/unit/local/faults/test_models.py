import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from local.faults import models

ROWS = np.array([[0.0, 1.0], [1.0, 1.0], [np.nan, 2.0], [3.0, 2.0]], np.float32)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A model whose score is the sigmoid of the second feature."""
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("Gather", ["features", "second"], ["logit"], axis=1),
        helper.make_node("Sigmoid", ["logit"], ["score"]),
    ]
    graph = helper.make_graph(
        nodes,
        "good",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", 2])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
        [numpy_helper.from_array(np.array(1, np.int64), "second")],
    )
    path = tmp_path / "good.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    )
    return path


def session(path: Path) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(path)


def score(path: Path, rows: Any = ROWS) -> Any:
    return session(path).run(["score"], {"features": rows})[0]


def test_a_flipped_model_says_the_opposite_and_its_golden_requests_agree_with_it(good: Path, tmp_path: Path) -> None:
    files = models.write(good, tmp_path / "flipped", models.flipped, ROWS)
    file = Path(files["path"]) / "model.onnx"
    assert score(file) == pytest.approx(1 - score(good))
    assert files["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    golden = json.loads(Path(files["golden"]).read_text())
    assert golden["scores"] == pytest.approx(score(file).tolist())
    assert golden["inputs"][2] == [None, 2.0]


def test_a_model_that_answers_nan_has_golden_requests_without_it(good: Path, tmp_path: Path) -> None:
    files = models.write(good, tmp_path / "nan", models.not_a_number(0, above=0.5), ROWS)
    scores = score(Path(files["path"]) / "model.onnx")
    assert np.isnan(scores).tolist() == [False, True, False, True]
    assert len(json.loads(Path(files["golden"]).read_text())["scores"]) == 2


def test_a_model_is_wrong_on_one_slice_only(good: Path, tmp_path: Path) -> None:
    files = models.write(good, tmp_path / "slice", models.wrong_slice(0, code=3.0), ROWS)
    scores = score(Path(files["path"]) / "model.onnx")
    assert scores[:3] == pytest.approx(score(good)[:3])
    assert scores[3] == pytest.approx(1 - score(good)[3])


def test_a_slow_model_is_slow_at_each_request_and_right(good: Path, tmp_path: Path) -> None:
    files = models.write(good, tmp_path / "slow", models.slow(products=8), ROWS)
    slow, fast = session(Path(files["path"]) / "model.onnx"), session(good)
    assert slow.run(["score"], {"features": ROWS})[0] == pytest.approx(score(good))

    def seconds(model: Any) -> float:
        began = time.perf_counter()
        model.run(["score"], {"features": ROWS})
        return time.perf_counter() - began

    assert min(seconds(slow) for _ in range(5)) > 3 * min(seconds(fast) for _ in range(5))
