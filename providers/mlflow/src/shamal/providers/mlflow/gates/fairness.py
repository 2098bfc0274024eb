"""Whether the model serves every group of rows alike."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shamal.providers.mlflow.errors import InvalidGates
from shamal.providers.mlflow.gates.bootstrap import draws, interval, statistic
from shamal.providers.mlflow.gates.verdicts import Measured, plain
from shamal.providers.mlflow.metrics import METRICS, compute

if TYPE_CHECKING:
    import numpy as np

MAX_SLICES = 200
KEYS = ("columns", "metric", "min_rows", "max_gap")


@dataclass(frozen=True)
class Fairness:
    """What is asked of the slices that the values of a column make.

    :param columns: columns of the evaluation rows; each is judged on its own.
    :param metric: a metric of the task.
    :param min_rows: smaller slices are listed, not judged.
    :param max_gap: largest difference of the metric between the best and the worst slice.
    """

    columns: tuple[str, ...]
    metric: str
    min_rows: int
    max_gap: float

    @classmethod
    def parse(cls, task: str, given: Mapping[str, Any]) -> "Fairness":
        """Return the section `fairness`.

        :raises InvalidGates: a key is missing or unknown, or a value is out of range.
        """
        if set(given) != set(KEYS):
            raise InvalidGates(f"fairness has {', '.join(sorted(given))}; it needs exactly {', '.join(KEYS)}")
        found = cls(tuple(given["columns"]), given["metric"], given["min_rows"], given["max_gap"])
        allowed = METRICS[task]
        if found.metric not in allowed:
            raise InvalidGates(f"fairness.metric {found.metric!r} is unknown for {task}; allowed: {', '.join(allowed)}")
        if not found.columns or len(set(found.columns)) < len(found.columns):
            raise InvalidGates(f"fairness.columns {list(found.columns)}: give at least one column, and each once")
        if type(found.min_rows) is not int or found.min_rows < 2:
            raise InvalidGates(f"fairness.min_rows {found.min_rows!r}: give a whole number of 2 or more")
        if type(found.max_gap) not in (int, float) or not 0 <= found.max_gap < math.inf:
            raise InvalidGates(f"fairness.max_gap {found.max_gap!r}: give a finite number of 0 or more")
        return found


def measure(
    task: str, asked: Fairness, groups: "np.ndarray", labels: "np.ndarray", scores: "np.ndarray"
) -> tuple[Measured, list[dict[str, Any]]]:
    """Return the gap between the best and the worst slice of one column, and all slices.

    The interval resamples the rows within each slice and takes the gap of each resample; it covers every judged
    slice, so more and smaller slices make it wider.

    :param groups: slice [N] of each row.
    :param labels: [N]
    :param scores: [N]
    """
    import numpy as np
    from fairlearn.metrics import MetricFrame

    def one(labels: Any, scores: Any) -> float:
        return compute(task, np.asarray(labels), np.asarray(scores))[asked.metric]

    frame = MetricFrame(metrics=one, y_true=labels, y_pred=scores, sensitive_features=groups)
    rows = {value: int((groups == value).sum()) for value in frame.by_group.index}
    slices = [
        {"slice": value, "rows": rows[value], "value": plain(float(found)), "judged": rows[value] >= asked.min_rows}
        for value, found in frame.by_group.items()
    ]
    judged = frame.by_group[[count >= asked.min_rows for count in rows.values()]].astype(float)
    small = len(rows) - len(judged)
    note = f"{len(judged)} slices" + (f", {small} more have fewer than {asked.min_rows} rows" if small else "")
    if len(judged) < 2:
        return Measured(None, note=f"fewer than two slices have {asked.min_rows} rows"), slices
    if judged.isna().any():
        return Measured(float("nan"), note=f"{asked.metric} of slice {judged[judged.isna()].index[0]}"), slices
    ordered = judged.sort_values(ascending=METRICS[task][asked.metric])
    worst, best = ordered.index[0], ordered.index[-1]
    spread = []
    for seed, value in enumerate(judged.index):
        inside = groups == value
        of = statistic(asked.metric, labels[inside], scores[inside])
        spread.append(draws({"": of}, rows[value], seed=seed)[""])
    gap = float(judged.max() - judged.min())
    note = f"{asked.metric} worst {worst}: {judged[worst]:.4g}, best {best}: {judged[best]:.4g}; {note}"
    return Measured(gap, interval(np.ptp(spread, axis=0)), note), slices


def groups(features: "Mapping[str, np.ndarray]", column: str) -> "np.ndarray":
    """Return the slice of each row as text: the column's value, or `missing`.

    :param features: column to its values [N], NaN = missing.
    :raises InvalidGates: there is no such column, or it has too many values to make slices.
    """
    import numpy as np

    if column not in features:
        raise InvalidGates(f"fairness.columns: {column!r} is no feature; allowed: {', '.join(features)}")
    values, place = np.unique(features[column], return_inverse=True)
    if len(values) > MAX_SLICES:
        raise InvalidGates(f"fairness.columns: {column!r} has {len(values)} values; slices need at most {MAX_SLICES}")
    return np.array(["missing" if np.isnan(value) else f"{value:g}" for value in values])[place]
