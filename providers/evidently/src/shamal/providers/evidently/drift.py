"""Measures drift with Evidently's metrics and lays its report out; an explicit method for each kind of column."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shamal.providers.evidently.settings import Columns, Thresholds
from shamal.providers.evidently.windows import Window, blur

if TYPE_CHECKING:
    from evidently.core.report import Snapshot

METHODS = {"numerical": "wasserstein", "categorical": "jensenshannon", "score": "psi"}


@dataclass(frozen=True)
class ColumnDrift:
    """How far one column moved.

    :param kind: numerical, categorical or score.
    :param distance: by METHODS; None when the column has nothing to compare.
    :param missing_change: change of the share of missing values.
    """

    column: str
    kind: str
    distance: float | None
    threshold: float
    missing_change: float
    drifted: bool


def compare(
    current: Window, reference: Window, columns: Columns, limits: Thresholds
) -> "tuple[list[ColumnDrift], Snapshot | None]":
    """Return the drift of each feature and of the score, and Evidently's report (None with nothing to compare)."""
    import pandas as pd

    kinds = {
        **dict.fromkeys(columns.numerical, "numerical"),
        **dict.fromkeys(columns.categorical, "categorical"),
        columns.score: "score",
    }
    blurred = {
        name: blur(current.frame[name], reference.frame[name], categorical=kind == "categorical")
        for name, kind in kinds.items()
    }
    comparable = {
        name: kinds[name]
        for name, (now, before) in blurred.items()
        if min(now.count(), before.count()) >= limits.min_rows
    }
    snapshot = None
    distances: dict[str, float] = {}
    if comparable:
        snapshot = _run(
            pd.DataFrame({name: blurred[name][0] for name in comparable}),
            pd.DataFrame({name: blurred[name][1] for name in comparable}),
            comparable,
            limits,
        )
        distances = _distances(snapshot)
    found = []
    for name, kind in kinds.items():
        change = float(current.frame[name].isna().mean() - reference.frame[name].isna().mean())
        threshold = getattr(limits, kind)
        distance = distances.get(name)
        drifted = abs(change) > limits.missing or (distance is not None and distance > threshold)
        found.append(ColumnDrift(name, kind, distance, threshold, change, drifted))
    return found, snapshot


def _run(current: Any, reference: Any, kinds: dict[str, str], limits: Thresholds) -> "Snapshot":
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    definition = DataDefinition(
        numerical_columns=[name for name, kind in kinds.items() if kind != "categorical"],
        categorical_columns=[name for name, kind in kinds.items() if kind == "categorical"],
    )
    report = Report(
        [ValueDrift(column=name, method=METHODS[kind], threshold=getattr(limits, kind)) for name, kind in kinds.items()]
    )
    return report.run(
        Dataset.from_pandas(current, data_definition=definition),
        Dataset.from_pandas(reference, data_definition=definition),
    )


def _distances(snapshot: "Snapshot") -> dict[str, float]:
    return {each["config"]["column"]: float(each["value"]) for each in snapshot.dict()["metrics"]}
