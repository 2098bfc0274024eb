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

# Measured value -> the scorers whose main metrics it is the difference of.
DIFFERENCES = {"margin_over_baseline": ("model", "baseline"), "loss_against_champion": ("champion", "model")}


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
    import numpy as np

    main = next(iter(METRICS[task]))
    metrics = {scorer: compute(task, labels, given) for scorer, given in scores.items()}
    defined = [scorer for scorer, found in metrics.items() if not any(map(math.isnan, found.values()))]
    statistics = {(scorer, main): statistic(main, labels, scores[scorer]) for scorer in defined}
    own, bins = dict(metrics["model"]), []
    trust = "calibration_error" if task == "binary_classification" else "bias"
    own[trust] = math.nan
    if "model" in defined:
        statistics |= {("model", metric): statistic(metric, labels, scores["model"]) for metric in METRICS[task]}
        of_trust = calibration.error if trust == "calibration_error" else calibration.bias
        statistics["model", trust] = of_trust(labels, scores["model"])
        own[trust] = statistics["model", trust](np.arange(len(labels)))
        bins = calibration.bins(labels, scores["model"]) if trust == "calibration_error" else []
    drawn = draws(statistics, len(labels))
    measured = {
        name: Measured(value, interval(drawn["model", name]) if ("model", name) in drawn else None)
        for name, value in own.items()
    }
    for name, (first, second) in DIFFERENCES.items():
        if first in scores and second in scores:
            pair = first in defined and second in defined
            spread = interval(drawn[first, main] - drawn[second, main]) if pair else None
            other = second if first == "model" else first
            difference = metrics[first][main] - metrics[second][main]
            measured[name] = Measured(difference, spread, f"{other}'s {main}: {metrics[other][main]:.4f}")
    return Quality(metrics, measured, bins)
