"""What a drift report compares, and from which figures on it says drift."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from shamal.providers.evidently.errors import InvalidColumns, InvalidThresholds

TASKS = ("binary_classification", "regression")


@dataclass(frozen=True)
class Thresholds:
    """From which figures on the verdict is drift, or insufficient_data.

    :param drifted_share: share of drifted feature columns.
    :param min_rows: rows that each window needs.
    :param numerical: Wasserstein distance in standard deviations of the reference, per numerical column.
    :param categorical: Jensen-Shannon distance 0..1, per categorical column.
    :param score: population stability index of the score.
    :param missing: change of the share of missing values, per column.
    :param quality_drop: loss of roc_auc or r2 against the reference.
    """

    drifted_share: float = 0.5
    min_rows: float = 500
    numerical: float = 0.1
    categorical: float = 0.1
    score: float = 0.2
    missing: float = 0.1
    quality_drop: float = 0.05


def thresholds(given: Mapping[str, Any]) -> Thresholds:
    """Return the thresholds, defaults where nothing is given.

    :raises InvalidThresholds: one is unknown or not a number above 0.
    """
    known = [field.name for field in fields(Thresholds)]
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise InvalidThresholds(f"threshold {name!r} is unknown.{hint} Allowed: {', '.join(known)}")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value <= 0:
            raise InvalidThresholds(f"threshold {name!r} is {value!r}; give a number above 0")
    return Thresholds(**given)


@dataclass(frozen=True)
class Columns:
    """The columns of both windows.

    :param numerical: numerical feature columns.
    :param categorical: feature columns of integer codes.
    :param label: truth; null where it is not known yet.
    :param score: the model's answer.
    """

    numerical: tuple[str, ...]
    categorical: tuple[str, ...]
    label: str
    score: str

    def __post_init__(self) -> None:
        """Refuse doubled names.

        :raises InvalidColumns: a name is given twice, or no feature is given.
        """
        twice = sorted({name for name in self.all if self.all.count(name) > 1})
        if twice or not self.features:
            raise InvalidColumns(f"columns given twice: {twice}, features: {list(self.features)}; name each once")

    @property
    def features(self) -> tuple[str, ...]:
        """Return the feature columns."""
        return (*self.numerical, *self.categorical)

    @property
    def all(self) -> tuple[str, ...]:
        """Return every column that a window must have."""
        return (*self.features, self.label, self.score)
