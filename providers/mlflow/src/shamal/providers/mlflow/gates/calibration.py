"""Whether scores mean what they say: a probability of 0.3 must come true three times in ten."""

from typing import TYPE_CHECKING, Any

from shamal.providers.mlflow.gates.bootstrap import Statistic

if TYPE_CHECKING:
    import numpy as np

BINS = 10


def error(labels: "np.ndarray", scores: "np.ndarray") -> Statistic:
    """Return the expected calibration error as a function of row numbers: the mean over rows of |said - happened|.

    Both are averages of ten bins of equal width. Source: Guo et al., On Calibration of Modern Neural Networks (2017),
    equation 3.

    :param labels: [N], 0 and 1.
    :param scores: [N], probabilities.
    """
    import numpy as np

    place, excess = _bin(scores), scores - labels

    def of(rows: "np.ndarray") -> float:
        return float(np.abs(np.bincount(place[rows], excess[rows], BINS)).sum() / len(rows))

    return of


def bias(labels: "np.ndarray", scores: "np.ndarray") -> Statistic:
    """Return the size of the mean error as a function of row numbers, in units of the label."""
    import numpy as np

    excess = scores - labels
    return lambda rows: float(np.abs(excess[rows].mean()))


def bins(labels: "np.ndarray", scores: "np.ndarray") -> list[dict[str, Any]]:
    """Return, for every bin with rows, its edges, rows, mean score and share of ones."""
    place = _bin(scores)
    found = []
    for at in range(BINS):
        inside = place == at
        if inside.any():
            found.append(
                {
                    "from": at / BINS,
                    "to": (at + 1) / BINS,
                    "rows": int(inside.sum()),
                    "mean_score": float(scores[inside].mean()),
                    "share_of_ones": float(labels[inside].mean()),
                }
            )
    return found


def _bin(scores: "np.ndarray") -> "np.ndarray":
    import numpy as np

    return np.minimum((scores * BINS).astype(np.int64), BINS - 1)
