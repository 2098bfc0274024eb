"""The model's metrics beside those of its baseline and of the champion, on the same rows, with paired intervals."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shamal.providers.mlflow.gates import calibration
from shamal.providers.mlflow.gates.bootstrap import draws, interval, statistic
from shamal.providers.mlflow.gates.verdicts import Measured
from shamal.providers.mlflow.metrics import METRICS, compute

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Quality:
    """What scores are worth.

    :param metrics: per scorer (`model`, `baseline`, perhaps `champion`) its metrics; NaN = undefined.
    :param measured: the model's metrics and its differences from the others, for the gates.
    :param calibration: bins of the model's scores (binary_classification only).
    """

    metrics: dict[str, dict[str, float]]
    measured: dict[str, Measured]
    calibration: list[dict[str, Any]] = field(default_factory=list)


def measure(task: str, labels: "np.ndarray", scores: "Mapping[str, np.ndarray]") -> Quality:
    """Measure every scorer on the same rows.

    The margin is the model's main metric minus the baseline's, the loss the champion's minus the model's. The interval
    of both comes from resampling rows together with the scores of both models.

    :param labels: [N], 0 and 1 for binary_classification.
    :param scores: scorer to its scores [N]; `model` and `baseline`, perhaps `champion`.
    """
    main = next(iter(METRICS[task]))
    metrics = {scorer: compute(task, labels, given) for scorer, given in scores.items()}
    defined = {scorer for scorer, found in metrics.items() if not any(math.isnan(value) for value in found.values())}
    statistics = {f"{scorer} {main}": statistic(main, labels, scores[scorer]) for scorer in defined - {"model"}}
    trust = "calibration_error" if task == "binary_classification" else "bias"
    values = dict(metrics["model"])
    if "model" in defined:
        of_trust = calibration.error if trust == "calibration_error" else calibration.bias
        statistics |= {name: statistic(name, labels, scores["model"]) for name in METRICS[task]}
        statistics[trust] = of_trust(labels, scores["model"])
    values[trust] = statistics[trust](_all(labels)) if trust in statistics else math.nan
    drawn = draws(statistics, len(labels))
    measured = {
        name: Measured(value, interval(drawn[name]) if name in drawn else None) for name, value in values.items()
    }
    for name, scorer, sign in (("margin_over_baseline", "baseline", 1), ("loss_against_champion", "champion", -1)):
        if scorer in scores:
            difference = sign * (metrics["model"][main] - metrics[scorer][main])
            both = {"model", scorer} <= defined
            spread = interval(sign * (drawn[main] - drawn[f"{scorer} {main}"])) if both else None
            measured[name] = Measured(difference, spread, f"{scorer}'s {main}: {metrics[scorer][main]:.4f}")
    binary = trust == "calibration_error" and "model" in defined
    return Quality(metrics, measured, calibration.bins(labels, scores["model"]) if binary else [])


def _all(labels: "np.ndarray") -> "np.ndarray":
    import numpy as np

    return np.arange(len(labels))
