"""Metrics of the model's scores against the labels that are known by now."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MAIN = {"binary_classification": "roc_auc", "regression": "r2"}


def measure(frame: "pd.DataFrame", label: str, score: str, task: str, min_rows: float) -> dict[str, float | None]:
    """Return the task's metrics over the rows with label and score; None where too few or one-sided rows leave none.

    :param task: `binary_classification` or `regression`.
    :param min_rows: labelled rows needed.
    """
    from sklearn import metrics

    known = frame[[label, score]].dropna()
    truth, given = known[label].to_numpy(), known[score].to_numpy()
    if task == "regression":
        names = ("r2", "rmse", "mae")
        if len(known) < max(min_rows, 2):
            return dict.fromkeys(names)
        found = (
            metrics.r2_score(truth, given),
            metrics.root_mean_squared_error(truth, given),
            metrics.mean_absolute_error(truth, given),
        )
    else:
        names = ("roc_auc", "brier", "positive_share")
        if len(known) < min_rows or set(truth) != {0.0, 1.0}:
            return dict.fromkeys(names)
        brier = metrics.brier_score_loss(truth, given) if 0 <= given.min() <= given.max() <= 1 else math.nan
        found = (metrics.roc_auc_score(truth, given), brier, truth.mean())
    return {name: float(value) if math.isfinite(value) else None for name, value in zip(names, found, strict=True)}
