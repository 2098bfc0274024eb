"""Training sets: labelled entity rows of an Iceberg table with their features as of each row's time.

A training set is a folder:
    train.parquet         rows of [start, split)
    evaluation.parquet    rows of [split, end)
    training_set.json     features, categorical, label, keys, digest, snapshot_id, rows
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shamal.providers.feast.digest import digest
from shamal.providers.feast.errors import EmptyTrainingSet, InvalidTrainingSet, MissingColumn, choices
from shamal.providers.feast.iceberg import EXCLUSIVE, scan

if TYPE_CHECKING:
    from pyarrow import Table
    from pyiceberg.table import Table as IcebergTable

TIME = "event_timestamp"
UNKNOWN = 0  # the code of a missing category, in training as in serving


@dataclass(frozen=True)
class TrainingSetSpec:
    """What the rows are.

    :param entity_table: Iceberg table with keys, time and label, as `namespace.table`
    :param keys: entity key columns
    :param label: column to predict
    :param categorical: `{feature: number of codes}`; codes are 0 (unknown) to number - 1
    :param start: first moment of the training rows
    :param split: first moment of the evaluation rows
    :param end: first moment after the evaluation rows
    :param time_column: column of the entity table with the time a prediction is needed
    """

    entity_table: str
    keys: Sequence[str]
    label: str
    categorical: Mapping[str, int]
    start: datetime
    split: datetime
    end: datetime
    time_column: str = TIME


def labelled_rows(table: "IcebergTable", snapshot_id: int, spec: TrainingSetSpec) -> tuple["Table", int]:
    """Return the entity rows that have a label, sorted by keys and time, and how many have none.

    :raises MissingColumn: when the table lacks a key, the label or the time column
    :raises EmptyTrainingSet: naming the interval and what the table holds
    """
    columns = [*spec.keys, spec.time_column, spec.label]
    rows = scan(table, columns, spec.time_column, start=spec.start, end=spec.end - EXCLUSIVE, snapshot_id=snapshot_id)
    labelled = rows.filter(rows[spec.label].is_valid()).select(columns)
    if labelled.num_rows == 0:
        raise EmptyTrainingSet(
            f"Table {spec.entity_table!r} has no row with a {spec.label!r} in [{spec.start.isoformat()}, "
            f"{spec.end.isoformat()}): {rows.num_rows} rows lack it. The table holds "
            f"{_held(table, snapshot_id, spec.time_column)}. Ingest the interval or correct start and end."
        )
    labelled = labelled.rename_columns([*spec.keys, TIME, spec.label])
    order = [(name, "ascending") for name in [*spec.keys, TIME, spec.label]]
    return labelled.sort_by(order), rows.num_rows - labelled.num_rows


def check_features(features: Sequence[str], spec: TrainingSetSpec) -> None:
    """Check the roles of the features before anything is joined.

    :raises InvalidTrainingSet: when the label is among the features
    :raises MissingColumn: when a categorical feature is not among them
    """
    if spec.label in features:
        raise InvalidTrainingSet(
            f"The label {spec.label!r} is also a feature; the model would be told the answer. Remove it from the "
            "feature service."
        )
    for name in spec.categorical:
        if name not in features:
            raise MissingColumn(
                f"Categorical feature {name!r} is not in the feature service; {choices(name, features)}"
            )


def with_known_codes(rows: "Table", categorical: Mapping[str, int]) -> "Table":
    """Return the rows with missing categories as code `UNKNOWN`.

    :raises InvalidTrainingSet: when a code is outside 0 to number - 1; it would break the model's embedding
    """
    import pyarrow.compute as pc

    for name, size in categorical.items():
        codes = rows[name].fill_null(UNKNOWN)
        found = pc.min_max(codes).as_py()
        if found["min"] < 0 or found["max"] >= size:
            raise InvalidTrainingSet(
                f"Categorical feature {name!r} holds codes {found['min']} to {found['max']}; allowed: 0 to "
                f"{size - 1}. Raise its size, or map unseen categories to 0 during ingestion."
            )
        rows = rows.set_column(rows.column_names.index(name), name, codes)
    return rows


def write(
    output: Path, rows: "Table", features: Sequence[str], snapshot_id: int, spec: TrainingSetSpec
) -> dict[str, Any]:
    """Write the folder and return its description; a folder that already holds these rows is left alone.

    The folder is made beside its place and renamed: readers find the old one, none for an instant, or the new one.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    evaluated = pc.greater_equal(rows[TIME], spec.split)
    parts = {"train": rows.filter(pc.invert(evaluated)), "evaluation": rows.filter(evaluated)}
    for name, part in parts.items():
        if part.num_rows == 0:
            raise EmptyTrainingSet(
                f"No labelled row of {spec.entity_table!r} falls into {name} with start={spec.start.isoformat()}, "
                f"split={spec.split.isoformat()}, end={spec.end.isoformat()}. Move the split."
            )
    roles = {
        "features": list(features),
        "categorical": dict(spec.categorical),
        "label": spec.label,
        "keys": list(spec.keys),
    }
    description = {
        **roles,
        "digest": digest(json.dumps(roles, sort_keys=True), list(parts.values())),
        "snapshot_id": snapshot_id,
        "rows": {name: part.num_rows for name, part in parts.items()},
    }
    if _described(output) != description:
        _replace_folder(output, lambda folder: _write_files(folder, parts, description, pq.write_table))
    return description


def _write_files(
    folder: Path, parts: Mapping[str, "Table"], description: Mapping[str, Any], write_table: Callable[..., None]
) -> None:
    for name, part in parts.items():
        write_table(part, folder / f"{name}.parquet")
    (folder / "training_set.json").write_text(json.dumps(description, indent=2) + "\n")


def _described(folder: Path) -> Any:
    file = folder / "training_set.json"
    return json.loads(file.read_text()) if file.exists() else None


def _replace_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Put a folder made by `fill` in the target's place; leftovers of a killed run are removed first."""
    partial, previous = (target.with_name(f".{target.name}.{state}") for state in ("partial", "previous"))
    for leftover in (partial, previous):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    fill(partial)
    if target.exists():
        target.rename(previous)
    partial.rename(target)
    shutil.rmtree(previous, ignore_errors=True)


def _held(table: "IcebergTable", snapshot_id: int, time_column: str) -> str:
    import pyarrow.compute as pc

    times = scan(table, [time_column], time_column, snapshot_id=snapshot_id)[time_column]
    if len(times) == 0:
        return "no rows"
    found = pc.min_max(times).as_py()
    return f"{len(times)} rows from {found['min'].isoformat()} to {found['max'].isoformat()}"
