"""Trains one model and writes model.onnx, weights.safetensors and training.json.

Exit code 0: written. 2: the input was refused, the same input fails again. Anything else: try again, it resumes.
"""

import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import safetensors.torch
import torch  # noqa: TID253 - this module is imported in the pod only
from torch import nn  # noqa: TID253 - this module is imported in the pod only

from shamal.providers.pytorch.train import config as settings
from shamal.providers.pytorch.train import data
from shamal.providers.pytorch.train.columns import Columns
from shamal.providers.pytorch.train.errors import REFUSED, TrainingInputError
from shamal.providers.pytorch.train.export import Scored, export, write
from shamal.providers.pytorch.train.loop import Trainer

LIBRARIES = ("torch", "onnx", "onnxruntime", "numpy", "pyarrow", "safetensors")


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m shamal.providers.pytorch.train", description=__doc__)
    parser.add_argument("--model-file", type=Path, required=True, help="Python file with build(columns, config)")
    parser.add_argument("--training-set", type=Path, required=True, help="folder with training_set.json")
    parser.add_argument("--output", type=Path, required=True, help="folder to write; a second run resumes there")
    parser.add_argument("--config", required=True, help="settings as a JSON object")
    parser.add_argument("--gpu", type=int, default=0, help="GPUs the pod asked for (default 0: train on the CPU)")
    given = parser.parse_args(arguments)
    try:
        train(given.model_file, given.training_set, given.output, _json(given.config), given.gpu)
    except TrainingInputError as error:
        print(f"refused: {error}", file=sys.stderr, flush=True)
        return REFUSED
    return 0


def train(model_file: Path, training_set: Path, output: Path, config: dict[str, Any], gpu: int = 0) -> dict[str, Any]:
    """Train, export and return what `training.json` says.

    :raises TrainingInputError: a setting, file, column or device is wrong
    """
    checked = settings.parse(config)
    device = choose_device(gpu)
    build = load_build(model_file)
    rows = data.load(training_set)
    output.mkdir(parents=True, exist_ok=True)
    torch.use_deterministic_algorithms(device.type == "cpu")
    torch.manual_seed(checked.seed)
    module = _module(build, rows.columns, checked.model, model_file)
    print(f"training on {device} with {len(rows.train)} rows, {torch.get_num_threads()} thread(s)", flush=True)
    trainer = Trainer(
        module,
        checked,
        device=device,
        label_std=rows.columns.label_std,
        checkpoints=output / "checkpoints",
        fingerprint=_fingerprint(model_file, rows.digest, config, device),
    )
    progress = trainer.fit(rows.train)
    scored = Scored(module.cpu(), checked.task == "binary_classification").eval()
    difference = export(scored, rows.evaluation.features, output / "model.onnx", checked.max_onnx_difference)
    print(f"model.onnx answers as torch does: largest difference {difference:.2e}", flush=True)
    weights = safetensors.torch.save({name: value.contiguous() for name, value in module.state_dict().items()})
    write(output / "weights.safetensors", weights)
    result = {
        "epochs": len(progress.losses),
        "best_epoch": progress.best_epoch,
        "resumed_from": progress.resumed_from,
        "losses": progress.losses,
        "validation_losses": progress.validation_losses,
        "seed": checked.seed,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "precision": checked.precision,
        "onnx_max_abs_diff": difference,
        "onnx_sha256": hashlib.sha256((output / "model.onnx").read_bytes()).hexdigest(),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "training_set_digest": rows.digest,
        "rows": {"train": len(rows.train), "evaluation": len(rows.evaluation)},
        "config": config,
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
    }
    write(output / "training.json", json.dumps(result, indent=1).encode())
    return result


def choose_device(gpu: int) -> torch.device:
    """Return the GPU when the pod asked for one, otherwise the CPU.

    :raises TrainingInputError: a GPU was asked for and none is there
    """
    if not gpu:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise TrainingInputError(
            f"the pod asked for {gpu} GPU(s) but torch {torch.__version__} sees none: check the image's CUDA build "
            "and the node's device plugin, or choose a compute profile without GPU"
        )
    return torch.device("cuda")


def load_build(model_file: Path) -> Callable[[Columns, dict[str, Any]], nn.Module]:
    """Return the `build` function of a model's Python file.

    :raises TrainingInputError: no such file, or no such function in it
    """
    if not model_file.is_file():
        raise TrainingInputError(f"model file {model_file} does not exist in the pod; is the project mounted there?")
    spec = importlib.util.spec_from_file_location("model_file", model_file)
    if spec is None or spec.loader is None:
        raise TrainingInputError(f"model file {model_file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    build = getattr(module, "build", None)
    if not callable(build):
        raise TrainingInputError(f"model file {model_file} has no function build(columns, config)")
    return build  # type: ignore[no-any-return]


def _module(
    build: Callable[[Columns, dict[str, Any]], nn.Module], columns: Columns, config: dict[str, Any], file: Path
) -> nn.Module:
    module = build(columns, config)
    if not isinstance(module, nn.Module):
        raise TrainingInputError(f"build() of {file} returned {type(module).__name__}, not a torch.nn.Module")
    with torch.no_grad():
        shape = tuple(module.eval()(torch.zeros(3, len(columns.features))).shape)
    if shape != (3,):
        raise TrainingInputError(f"the module of {file} turns [3, {len(columns.features)}] into {shape}, not (3,)")
    return module


def _fingerprint(model_file: Path, digest: str, config: dict[str, Any], device: torch.device) -> str:
    parts = (
        hashlib.sha256(model_file.read_bytes()).hexdigest(),
        digest,
        json.dumps(config, sort_keys=True),
        device.type,
        torch.__version__,
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise TrainingInputError(f"--config is not JSON: {error}") from None


if __name__ == "__main__":
    sys.exit(main())
