"""Golden requests: feature rows with known scores, answered by every new version before it may serve.

`golden.json` is `{"inputs": [[...], ...], "scores": [...]}`: feature rows and their scores; null is a missing value.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shamal.providers.triton.errors import GoldenMismatch, InvalidDeployment

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Golden:
    """Known answers.

    :param features: float32 [N, F].
    :param score: float32 [N].
    """

    features: Any
    score: Any

    def difference(self, score: Any) -> float:
        """Return the largest absolute difference to the known scores.

        :param score: float32 [N].
        :raises GoldenMismatch: it is above 1e-4, or an answer is not a number.
        """
        if score.shape != self.score.shape:
            raise GoldenMismatch(
                f"{len(self.score)} golden requests got {len(score)} answers; check the model's output"
            )
        differences = np.abs(score - self.score)
        worst = int(np.argmax(np.where(np.isnan(differences), np.inf, differences)))
        if not differences[worst] <= TOLERANCE:
            raise GoldenMismatch(
                f"golden request {worst}: expected {self.score[worst]:.6g}, got {score[worst]:.6g}, allowed difference "
                f"{TOLERANCE:g}; the served model is not the trained one: compare the library versions of both sides"
            )
        return float(differences[worst])


def read(path: Path) -> Golden:
    """Return the golden requests in a file.

    :raises InvalidDeployment: it is missing or not such a file.
    """
    try:
        data = json.loads(path.read_text())
        features, score = np.array(data["inputs"], np.float32), np.array(data["scores"], np.float32)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InvalidDeployment(f"golden requests {path}: {error!r}; {_SHAPE}") from error
    if features.ndim != 2 or score.shape != (len(features),) or not len(features) or not np.isfinite(score).all():
        raise InvalidDeployment(f"golden requests {path}: inputs {features.shape}, scores {score.shape}; {_SHAPE}")
    return Golden(features, score)


_SHAPE = 'write {"inputs": [[numbers or null], ...], "scores": [numbers]} with at least one row'
