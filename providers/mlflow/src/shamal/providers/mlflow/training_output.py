"""Reads a training output folder: model.onnx, weights.safetensors and training.json."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shamal.providers.mlflow.errors import InvalidTrainingOutput

PARAMS = ("epochs", "best_epoch", "seed", "device", "precision")


@dataclass(frozen=True)
class TrainingOutput:
    """What training.json says about a folder.

    :param record: training.json.
    :param onnx_sha256: digest of model.onnx.
    """

    folder: Path
    record: Mapping[str, Any]
    onnx_sha256: str

    @property
    def onnx(self) -> Path:
        """Return the path of the model."""
        return self.folder / "model.onnx"

    @property
    def onnx_difference(self) -> float | None:
        """Return the largest score difference between PyTorch and ONNX, or None when it was not recorded."""
        found = self.record.get("onnx_max_abs_diff")
        return float(found) if isinstance(found, int | float) else None

    @property
    def losses(self) -> dict[str, list[float]]:
        """Return the losses per epoch, by the name that the run shows."""
        named = {"loss": self.record["losses"], "validation_loss": self.record.get("validation_losses", [])}
        return {name: [float(value) for value in values] for name, values in named.items()}

    @property
    def params(self) -> dict[str, Any]:
        """Return what the run shows as parameters: how it was trained, with which settings and versions."""
        found = {name: self.record[name] for name in PARAMS if name in self.record}
        for group in ("config", "libraries"):
            found |= {f"{group}.{name}": value for name, value in dict(self.record.get(group, {})).items()}
        return found

    def stale_reason(self, training_set_digest: str) -> str | None:
        """Return why the record belongs to another model or training set, or None."""
        for key, actual in (("onnx_sha256", self.onnx_sha256), ("training_set_digest", training_set_digest)):
            said = self.record.get(key, actual)
            if said != actual:
                return f"stale: training.json has {key} {said}, found {actual}"
        return None


def load_training_output(folder: str) -> TrainingOutput:
    """Return the training output that a folder holds.

    :raises InvalidTrainingOutput: a file is missing or unreadable.
    """
    path = Path(folder)
    for name in ("model.onnx", "weights.safetensors", "training.json"):
        if not (path / name).is_file():
            raise InvalidTrainingOutput(f"{path / name} is missing; look at the log of the training task")
    try:
        record = json.loads((path / "training.json").read_text())
        output = TrainingOutput(path, record, sha256(path / "model.onnx"))
        _ = (
            output.params,
            output.losses,
            output.onnx_difference,
        )  # a record of the wrong shape fails here, before anything runs
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise InvalidTrainingOutput(f"{path / 'training.json'} is not a training record: {error}") from error
    return output


def sha256(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
