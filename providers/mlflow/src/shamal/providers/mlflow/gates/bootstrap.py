"""Intervals of metrics by resampling rows: the percentile bootstrap.

Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. Statistics of one call see the same
resamples, so that the interval of a difference is that of paired rows.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, TypeVar

from shamal.providers.mlflow.gates.verdicts import Interval

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 1000
# Larger sets are resampled by this many rows, which makes an interval wider, never narrower.
MAX_ROWS = 100_000
Statistic = Callable[["np.ndarray"], float]
Name = TypeVar("Name", bound=Hashable)


def draws(statistics: Mapping[Name, Statistic], rows: int, *, seed: int = 0) -> "dict[Name, np.ndarray]":
    """Return RESAMPLES values of each statistic, all from the same resamples of the rows.

    :param statistics: name to a function of row numbers; NaN where a resample leaves it undefined.
    :param rows: number of rows.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    found = {name: np.empty(RESAMPLES) for name in statistics}
    with np.errstate(invalid="ignore", divide="ignore"):
        for at in range(RESAMPLES):
            chosen = random.integers(0, rows, min(rows, MAX_ROWS))
            for name, statistic in statistics.items():
                found[name][at] = statistic(chosen)
    return found


def interval(values: "np.ndarray") -> Interval | None:
    """Return the 2.5th and 97.5th percentile of resampled values, or None when one of them is undefined."""
    import numpy as np

    if not np.isfinite(values).all():
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def statistic(metric: str, labels: "np.ndarray", scores: "np.ndarray") -> Statistic:
    """Return a metric of `metrics.METRICS` as a function of row numbers, fast enough to be called a thousand times.

    :param labels: [N], 0 and 1 for the metrics of binary_classification.
    :param scores: [N], finite.
    """
    import numpy as np

    scores = scores.astype(np.float64)
    if metric in ("roc_auc", "average_precision"):
        return _ranked(metric, labels, scores)
    if metric == "r2":
        error = (labels - scores) ** 2
        return lambda rows: float(1 - error[rows].mean() / labels[rows].var())
    if metric == "log_loss":
        certain = np.clip(scores, np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)
        return mean(-np.where(labels == 1, np.log(certain), np.log1p(-certain)))
    if metric == "rmse":
        squared = mean((labels - scores) ** 2)
        return lambda rows: float(np.sqrt(squared(rows)))
    per_row = {
        "brier": lambda: (labels - scores) ** 2,
        "accuracy": lambda: ((scores >= 0.5) == (labels == 1)).astype(np.float64),
        "mae": lambda: np.abs(labels - scores),
    }
    return mean(per_row[metric]())


def mean(values: "np.ndarray") -> Statistic:
    """Return the mean of the rows' values [N] as a function of row numbers."""
    return lambda rows: float(values[rows].mean())


def _ranked(metric: str, labels: "np.ndarray", scores: "np.ndarray") -> Statistic:
    """Count positives and negatives per distinct score; sorting happens once, not once per resample.

    The area under the curve is the Mann-Whitney statistic: Hanley and McNeil, Radiology 143 (1982).
    """
    import numpy as np

    distinct, rank = np.unique(scores, return_inverse=True)
    cell = 2 * rank + (labels == 1)

    def counts(rows: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
        found = np.bincount(cell[rows], minlength=2 * len(distinct))
        return found[::2], found[1::2]

    def roc_auc(rows: "np.ndarray") -> float:
        negatives, positives = counts(rows)
        below = np.cumsum(negatives) - negatives / 2
        return float(np.float64(positives @ below) / (positives.sum() * negatives.sum()))

    def average_precision(rows: "np.ndarray") -> float:
        negatives, positives = (found[::-1] for found in counts(rows))
        hits, taken = np.cumsum(positives), np.cumsum(positives + negatives)
        return float(positives @ (hits / np.maximum(taken, 1)) / np.float64(hits[-1]))

    return roc_auc if metric == "roc_auc" else average_precision
