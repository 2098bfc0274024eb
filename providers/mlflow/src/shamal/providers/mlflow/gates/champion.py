"""The model that a candidate has to match: the registered champion, scored on the candidate's own evaluation rows."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shamal.providers.mlflow import onnx_model, releases
from shamal.providers.mlflow.errors import SignatureMismatch
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.mlflow.model_folder import GOLDEN, ONNX
from shamal.providers.mlflow.training_set import TrainingSet

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Champion:
    """A registered version that serves now.

    :param folder: its model folder, digests verified.
    """

    version: int
    folder: Path

    def scores(self, training_set: TrainingSet) -> "np.ndarray":
        """Return its scores [N] of the evaluation rows, from its own columns in its own order.

        :raises InvalidTrainingSet: the evaluation rows lack a column that it needs.
        :raises SignatureMismatch: it does not say what it needs, or takes something else.
        """
        names = json.loads((self.folder / GOLDEN).read_text()).get("features")
        if not names:
            raise SignatureMismatch(f"{GOLDEN} of champion {self.version} names no features")
        own = dataclasses.replace(training_set, features=tuple(names))
        features, _ = own.read("evaluation")
        return onnx_model.score(onnx_model.load(self.folder / ONNX, own), features)


def fetch(hook: MlflowRegistryHook, model: str, destination: str) -> Champion | None:
    """Download and verify the version with the alias `champion`; None where no version has it yet.

    :raises DigestMismatch: a file is not the one that was registered.
    """
    if hook.alias_version(model, "champion") is None:
        return None
    found = releases.fetch(hook, model, destination, alias="champion", version=None)
    return Champion(found["version"], Path(found["path"]))
