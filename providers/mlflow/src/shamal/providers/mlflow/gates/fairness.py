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
    """Return the gap between the best and the worst slice of one column, and all slices, the worst first.

    An interval resamples the rows within each slice. That of the gap takes the gap of each resample: it covers every
    judged slice, so more and smaller slices make it wider.

    :param groups: slice [N] of each row.
    :param labels: [N]
    :param scores: [N]
    """
    import numpy as np
    from fairlearn.metrics import MetricFrame

    def one(labels: Any, scores: Any) -> float:
        return compute(task, np.asarray(labels), np.asarray(scores))[asked.metric]

    frame = MetricFrame(metrics=one, y_true=labels, y_pred=scores, sensitive_features=groups)
    values = frame.by_group.astype(float).sort_values(ascending=METRICS[task][asked.metric])
    rows = {name: int((groups == name).sum()) for name in values.index}
    judged = values[[rows[name] >= asked.min_rows for name in values.index]]
    drawn = {}
    for seed, name in enumerate(sorted(judged.dropna().index)):
        inside = groups == name
        of = statistic(asked.metric, labels[inside], scores[inside])
        drawn[name] = draws({"": of}, rows[name], seed=seed)[""]
    slices = [
        {
            "slice": name,
            "rows": rows[name],
            "value": plain(value),
            "interval": interval(drawn[name]) if name in drawn else None,
            "judged": name in judged.index,
        }
        for name, value in values.items()
    ]
    return _gap(asked, judged, list(drawn.values()), small=len(values) - len(judged)), slices


def _gap(asked: Fairness, judged: Any, drawn: "list[np.ndarray]", *, small: int) -> Measured:
    """Measure the gap of judged slices.

    :param judged: pandas Series of slice to value, the worst first.
    :param drawn: resampled values of each slice.
    :param small: number of slices that are not judged.
    """
    import numpy as np

    if len(judged) < 2:
        return Measured(None, note=f"fewer than two slices have {asked.min_rows} rows")
    if judged.isna().any():
        return Measured(math.nan, note=f"{asked.metric} of slice {judged[judged.isna()].index[0]}")
    (worst, low), (best, high) = ((judged.index[at], judged.iloc[at]) for at in (0, -1))
    note = f"{asked.metric} worst {worst}: {low:.4g}, best {best}: {high:.4g}; {len(judged)} slices"
    note += f", {small} more have fewer than {asked.min_rows} rows" if small else ""
    return Measured(float(abs(high - low)), interval(np.ptp(drawn, axis=0)), note)


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
    return np.array([_name(float(value)) for value in values])[place]


def _name(value: float) -> str:
    if math.isnan(value):
        return "missing"
    return f"{value:.0f}" if value.is_integer() else f"{value:g}"
