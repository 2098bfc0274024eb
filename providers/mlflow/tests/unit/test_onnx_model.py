import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shamal.providers.mlflow import onnx_model
from shamal.providers.mlflow.errors import InvalidTrainingOutput, SignatureMismatch
from shamal.providers.mlflow.training_set import load_training_set


@pytest.fixture
def described(training_set: Any) -> Any:
    return load_training_set(str(training_set(rows=100)))


def test_a_model_of_another_width_is_refused_with_both(described: Any, training_output: Any) -> None:
    path = training_output(width=2) / "model.onnx"
    with pytest.raises(SignatureMismatch, match=r"(?s)\['rows', 2\].*\[-1, 3\].*distance, wind, carrier"):
        onnx_model.load(path, described)


def test_a_file_that_is_no_model_is_refused(described: Any, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"cos\nsystem\n(S'touch marker'\ntR.")
    with pytest.raises(InvalidTrainingOutput, match="cannot load"):
        onnx_model.load(tmp_path / "model.onnx", described)


def test_a_guarded_model_is_robust_and_an_unguarded_one_is_not(described: Any, training_output: Any) -> None:
    guarded = onnx_model.load(training_output() / "model.onnx", described)
    assert onnx_model.robustness_failure(guarded, described, "binary_classification") is None
    p50, p99 = onnx_model.latency_ms(guarded, np.zeros((1, 3), np.float32), calls=20)
    assert 0 < p50 <= p99


def test_missing_values_that_reach_the_score_are_found(described: Any, training_output: Any) -> None:
    fragile = onnx_model.load(training_output(guarded=False) / "model.onnx", described)
    assert "missing values scores nan" in str(
        onnx_model.robustness_failure(fragile, described, "binary_classification")
    )


def test_golden_requests_are_plain_json_and_repeatable(described: Any, training_output: Any, tmp_path: Path) -> None:
    session = onnx_model.load(training_output() / "model.onnx", described)
    features, _ = described.read("evaluation")
    onnx_model.write_golden(tmp_path / "golden.json", onnx_model.golden_requests(session, features, described.features))
    golden = json.loads((tmp_path / "golden.json").read_text(), parse_constant=pytest.fail)
    assert golden["inputs"][0][1] is None  # the first row's wind is missing
    again = onnx_model.score(session, np.array(golden["inputs"], dtype=np.float32))
    assert again.tolist() == pytest.approx(golden["scores"])
