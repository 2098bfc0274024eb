import json
from typing import Any

import pytest

from shamal.providers.mlflow.errors import InvalidTrainingOutput
from shamal.providers.mlflow.training_output import load_training_output


def test_the_record_gives_params_and_losses(training_output: Any) -> None:
    found = load_training_output(str(training_output()))
    assert found.losses == {"loss": [0.7, 0.5, 0.4], "validation_loss": [0.7, 0.6, 0.5]}
    assert found.params["config.batch_size"] == 256
    assert found.stale_reason("a" * 64) is None


def test_a_record_of_another_model_or_set_is_stale(training_output: Any) -> None:
    folder = training_output()
    assert "training_set_digest" in str(load_training_output(str(folder)).stale_reason("b" * 64))
    (folder / "model.onnx").write_bytes(b"other")
    assert "onnx_sha256" in str(load_training_output(str(folder)).stale_reason("a" * 64))


@pytest.mark.parametrize("name", ["model.onnx", "weights.safetensors", "training.json"])
def test_a_missing_file_is_named(training_output: Any, name: str) -> None:
    folder = training_output()
    (folder / name).unlink()
    with pytest.raises(InvalidTrainingOutput, match=name):
        load_training_output(str(folder))


@pytest.mark.parametrize("record", ["", "[]", "{}", json.dumps({"losses": ["x"]})])
def test_an_unusable_record_is_refused(training_output: Any, record: str) -> None:
    folder = training_output()
    (folder / "training.json").write_text(record)
    with pytest.raises(InvalidTrainingOutput, match="not a training record"):
        load_training_output(str(folder))
