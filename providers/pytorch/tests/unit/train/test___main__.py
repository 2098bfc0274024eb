import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.pytorch.train.__main__ import choose_device, main, train
from shamal.providers.pytorch.train.errors import TrainingInputError

MORTAL = """
import os, signal
class Mortal(Net):
    steps = 0
    def forward(self, features):
        self.steps += self.training
        if str(self.steps) == os.environ.get("DIE_AT_STEP"):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(features)
def build(columns, config):
    return Mortal(columns, 8)
"""
CONFIG: dict[str, Any] = {"task": "binary_classification", "epochs": 4, "batch_size": 64, "learning_rate": 0.01}


def test_training_writes_one_onnx_file_that_answers_as_torch_does(
    model_file: Path, training_set: Path, tmp_path: Path
) -> None:
    import onnx

    result = train(model_file, training_set, tmp_path / "output", CONFIG)
    written = sorted(path.name for path in (tmp_path / "output").iterdir())
    assert written == ["checkpoints", "model.onnx", "training.json", "weights.safetensors"]
    assert result["onnx_max_abs_diff"] < 1e-5
    assert result["losses"][-1] < result["losses"][0]
    proto = onnx.load(tmp_path / "output/model.onnx")
    assert (proto.opset_import[0].version, proto.ir_version) == (18, 8)
    (given,), (answer,) = proto.graph.input, proto.graph.output
    assert (given.name, answer.name) == ("features", "score")
    assert given.type.tensor_type.shape.dim[0].dim_param
    assert result == json.loads((tmp_path / "output/training.json").read_text())


def test_a_regression_scores_values_and_bf16_is_recorded(model_file: Path, training_set: Path, tmp_path: Path) -> None:
    config = CONFIG | {"task": "regression", "precision": "bf16", "validation_share": 0}
    result = train(model_file, training_set, tmp_path / "output", config)
    assert result["precision"] == "bf16"
    assert result["validation_losses"] == []
    assert result["losses"][-1] < result["losses"][0]
    assert result["onnx_max_abs_diff"] < 1e-5


def test_a_run_killed_between_checkpoints_ends_with_the_weights_of_an_undisturbed_one(
    command: list[str], model_file: Path, training_set: Path, tmp_path: Path
) -> None:
    model_file.write_text(model_file.read_text() + MORTAL)
    config = CONFIG | {"epochs": 6, "checkpoint_every": 2, "patience": 6}
    undisturbed = train(model_file, training_set, tmp_path / "undisturbed", config)
    # 360 rows in batches of 64 are 6 steps an epoch: it dies in the middle of the fifth.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "DIE_AT_STEP": str(6 * 4 + 3)}
    killed = subprocess.run([*command, f"--config={json.dumps(config)}"], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [path.name for path in (tmp_path / "output").iterdir()] == ["checkpoints"]
    resumed = train(model_file, training_set, tmp_path / "output", config)
    assert resumed["resumed_from"] == 4
    for key in ("weights_sha256", "losses", "validation_losses", "best_epoch"):
        assert resumed[key] == undisturbed[key]


def test_wrong_input_ends_with_exit_code_2_and_one_line(
    model_file: Path, training_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [f"--model-file={model_file}", f"--training-set={training_set}", f"--output={tmp_path / 'output'}"]
    assert main([*paths, '--config={"task": "regression", "epoch": 3}']) == 2
    error = capsys.readouterr().err
    assert error.startswith("refused: config: unknown setting 'epoch'; did you mean epochs?")
    assert error.count("\n") == 1
    assert main([*paths, "--config={"]) == 2
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1", "has no function build"),
        ("def build(columns, config): return 3", "returned int"),
        ("from torch import nn\ndef build(columns, config): return nn.Linear(2, 1)", "not \\(3,\\)"),
    ],
)
def test_a_model_file_that_gives_no_fitting_module_is_refused(
    source: str, message: str, model_file: Path, training_set: Path, tmp_path: Path
) -> None:
    model_file.write_text(source)
    with pytest.raises(TrainingInputError, match=message):
        train(model_file, training_set, tmp_path / "output", CONFIG)


def test_a_gpu_asked_for_and_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingInputError, match="sees none"):
        choose_device(gpu=1)
    assert choose_device(gpu=0).type == "cpu"


def test_the_pod_program_never_imports_airflow(command: list[str]) -> None:
    code = "import sys, shamal.providers.pytorch.train.__main__; sys.exit('airflow' in sys.modules)"
    assert subprocess.run([command[0], "-c", code], check=False).returncode == 0
