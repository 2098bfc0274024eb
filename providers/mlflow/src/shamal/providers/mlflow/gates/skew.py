"""Whether the evaluation rows look like the rows that the model learnt from, column by column.

A wrong unit, a column that ran empty or new codes show here before they show in a metric.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shamal.providers.mlflow.errors import InvalidGates
from shamal.providers.mlflow.gates.verdicts import Measured
from shamal.providers.mlflow.training_set import TrainingSet

if TYPE_CHECKING:
    import numpy as np

BINS = 10
KEYS = ("max_psi", "exempt")


@dataclass(frozen=True)
class Skew:
    """What is asked of the columns.

    :param max_psi: largest population stability index of a column.
    :param exempt: columns that follow the season or the world; they may shift, but not run empty.
    """

    max_psi: float
    exempt: tuple[str, ...]

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Skew":
        """Return the section `skew`.

        :raises InvalidGates: a key is missing or unknown, or the limit is no number above 0.
        """
        if not {"max_psi"} <= set(given) <= set(KEYS):
            raise InvalidGates(f"skew has {', '.join(sorted(given))}; it needs max_psi and may have exempt")
        limit = given["max_psi"]
        if type(limit) not in (int, float) or not 0 < limit < math.inf:
            raise InvalidGates(f"skew.max_psi {limit!r}: give a finite number above 0")
        return cls(limit, tuple(given.get("exempt", ())))


def measure(
    training_set: TrainingSet, train: "np.ndarray", evaluation: "np.ndarray", exempt: Sequence[str] = ()
) -> tuple[Measured, list[dict[str, Any]]]:
    """Return the largest population stability index with the column that has it, and the figures of every column.

    :param train: features [N, F], NaN = missing.
    :param evaluation: features [M, F].
    :param exempt: columns that are listed and not judged.
    :raises InvalidGates: an exempt column is no feature, or every column is exempt.
    """
    import numpy as np

    odd = sorted(set(exempt) - set(training_set.features))
    if odd or len(exempt) >= len(training_set.features):
        raise InvalidGates(
            f"skew.exempt {odd or list(exempt)}: name some of {', '.join(training_set.features)}, not all"
        )
    columns: list[dict[str, Any]] = []
    for at, name in enumerate(training_set.features):
        before, after = train[:, at], evaluation[:, at]
        columns.append(
            {
                "column": name,
                "psi": psi(before, after, training_set.categorical.get(name)),
                "judged": name not in exempt,
                "missing_train": float(np.isnan(before).mean()),
                "missing_evaluation": float(np.isnan(after).mean()),
                "constant": bool(len(np.unique(after[~np.isnan(after)])) <= 1),
            }
        )
    worst = max((each for each in columns if each["judged"]), key=lambda each: each["psi"])
    constant = [each["column"] for each in columns if each["constant"]]
    note = f"worst column {worst['column']}" + (f"; constant: {', '.join(constant)}" if constant else "")
    empty = [each["column"] for each in columns if 1.0 in (each["missing_train"], each["missing_evaluation"])]
    said = (False, f"columns without any value: {', '.join(empty)}") if empty else None
    return Measured(worst["psi"], note=note, said=said), columns


def psi(before: "np.ndarray", after: "np.ndarray", codes: int | None) -> float:
    """Return the population stability index of one column: sum over bins of (q - p) ln(q / p).

    Bins are the training rows' deciles, or the codes of a categorical column; missing values are a bin of their own.
    Half a row is added to each bin, so that an empty one gives a large number and not infinity. Up to 0.1 is usually
    called stable, above 0.25 shifted. Source: Siddiqi, Credit Risk Scorecards (2006).

    :param before: [N], NaN = missing.
    :param after: [M]
    :param codes: number of codes of a categorical column, or None for numbers.
    """
    import numpy as np

    if codes is None:
        known = before[~np.isnan(before)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.empty(0)
    else:
        edges = np.arange(codes) + 0.5  # the last bin holds codes that the vocabulary does not have

    def shares(values: "np.ndarray") -> "np.ndarray":
        place = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
        counts = np.bincount(place, minlength=len(edges) + 2) + 0.5
        return np.asarray(counts / counts.sum())

    p, q = shares(before), shares(after)
    return float(((q - p) * np.log(q / p)).sum())
