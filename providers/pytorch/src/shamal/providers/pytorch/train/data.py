"""Reads a training set folder into tensors."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # noqa: TID253 - this module is imported in the pod only
import torch  # noqa: TID253 - this module is imported in the pod only

from shamal.providers.pytorch.train.columns import Columns
from shamal.providers.pytorch.train.errors import TrainingInputError


@dataclass(frozen=True)
class Rows:
    """Features [N, F] and labels [N], float32, oldest row first."""

    features: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def split(self, newest_share: float) -> "tuple[Rows, Rows]":
        """Return the older rows and the newest share of them."""
        kept = len(self) - int(len(self) * newest_share)
        return (
            Rows(self.features[:kept], self.labels[:kept]),
            Rows(self.features[kept:], self.labels[kept:]),
        )


@dataclass(frozen=True)
class TrainingSet:
    """Rows to train on, rows to check the export with, and what is known of the columns."""

    train: Rows
    evaluation: Rows
    columns: Columns
    digest: str


def load(folder: Path) -> TrainingSet:
    """Read `training_set.json`, `train.parquet` and `evaluation.parquet`.

    :raises TrainingInputError: a file or column is missing, a label no number, a code too large
    """
    manifest = _manifest(folder)
    features = tuple(manifest["features"])
    sizes = {name: int(size) for name, size in manifest["categorical"].items()}
    train = _rows(folder / "train.parquet", features, manifest["label"])
    evaluation = _rows(folder / "evaluation.parquet", features, manifest["label"])
    for rows in (train, evaluation):
        _check_codes(rows, features, sizes)
    return TrainingSet(train, evaluation, _columns(train, features, sizes), str(manifest["digest"]))


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "training_set.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        raise TrainingInputError(
            f"training set {folder} has no training_set.json; is the folder mounted in the pod, and was it written?"
        ) from None
    except ValueError as error:
        raise TrainingInputError(f"{path} is not JSON: {error}") from None
    missing = {"features", "categorical", "label", "digest"} - manifest.keys()
    if missing:
        raise TrainingInputError(f"{path} lacks {', '.join(sorted(missing))}")
    stray = set(manifest["categorical"]) - set(manifest["features"])
    if stray:
        raise TrainingInputError(f"{path}: categorical names no feature: {', '.join(sorted(stray))}")
    return manifest


def _rows(path: Path, features: tuple[str, ...], label: str) -> Rows:
    try:
        table = pq.read_table(path)
    except (OSError, ValueError) as error:
        raise TrainingInputError(f"{path} cannot be read as Parquet: {error}") from None
    wanted = (*features, label, "event_timestamp")
    missing = [name for name in wanted if name not in table.column_names]
    if missing:
        raise TrainingInputError(f"{path} lacks column(s) {', '.join(missing)}; it has {table.column_names}")
    if table.num_rows == 0:
        raise TrainingInputError(f"{path} has no rows; choose an interval with data")
    table = table.sort_by("event_timestamp")
    columns = [_floats(path, table, name) for name in features]
    labels = _floats(path, table, label)
    if not torch.isfinite(labels).all():
        raise TrainingInputError(f"{path}: label {label} is missing in {int((~torch.isfinite(labels)).sum())} row(s)")
    return Rows(torch.stack(columns, dim=1), labels)


def _floats(path: Path, table: Any, name: str) -> torch.Tensor:
    try:
        values = table[name].cast("float64").to_numpy().astype("float32")
    except (ValueError, NotImplementedError) as error:
        raise TrainingInputError(f"{path}: column {name} is not numeric: {error}") from None
    return torch.from_numpy(values)


def _check_codes(rows: Rows, features: tuple[str, ...], sizes: dict[str, int]) -> None:
    for name, size in sizes.items():
        codes = rows.features[:, features.index(name)]
        if not bool(((codes >= 0) & (codes < size) & (codes == codes.floor())).all()):
            raise TrainingInputError(f"column {name} has values that are no codes of 0 to {size - 1}")


def _columns(train: Rows, features: tuple[str, ...], sizes: dict[str, int]) -> Columns:
    mean, std = {}, {}
    for position, name in enumerate(features):
        if name not in sizes:
            mean[name], std[name] = _moments(train.features[:, position])
    label_mean, label_std = _moments(train.labels)
    return Columns(features, sizes, mean, std, label_mean, label_std)


def _moments(values: torch.Tensor) -> tuple[float, float]:
    known = values[torch.isfinite(values)].double()
    if len(known) == 0:
        return 0.0, 1.0
    std = float(known.std(correction=0))
    return float(known.mean()), std if std > 1e-12 else 1.0
