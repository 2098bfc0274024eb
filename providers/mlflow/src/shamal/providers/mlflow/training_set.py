"""Reads a training set folder: train.parquet, evaluation.parquet and training_set.json."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shamal.providers.mlflow.errors import InvalidTrainingSet

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class TrainingSet:
    """What training_set.json says about a folder.

    :param features: feature columns in the model's order.
    :param categorical: size (number of codes, 0 = unknown included) of each categorical feature.
    :param label: label column.
    :param digest: digest of the set's content.
    :param snapshot_id: data version it was made from.
    :param rows: rows per split.
    """

    folder: Path
    features: tuple[str, ...]
    categorical: dict[str, int]
    label: str
    digest: str
    snapshot_id: str
    rows: dict[str, int]

    def read(self, split: str) -> "tuple[np.ndarray, np.ndarray]":
        """Return the split's features (float32 [N, F], NaN = missing) and labels (float64 [N]).

        :param split: `train` or `evaluation`.
        :raises InvalidTrainingSet: a column or label is missing, the file is empty or not the described one.
        """
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.folder / f"{split}.parquet"
        try:
            table = pq.read_table(path, columns=[*self.features, self.label])
        except (OSError, pa.ArrowException) as error:
            raise InvalidTrainingSet(f"{path} cannot be read: {error}; make the training set again") from error
        missing = [name for name in (*self.features, self.label) if name not in table.column_names]
        if missing:
            raise InvalidTrainingSet(f"{path} lacks the columns {missing} that training_set.json names")
        described = self.rows.get(split, table.num_rows)
        if table.num_rows == 0 or table.num_rows != described:
            raise InvalidTrainingSet(
                f"{path} has {table.num_rows} rows, training_set.json says {described}; make the training set again"
            )

        def column(name: str, dtype: "pa.DataType") -> "np.ndarray":
            return np.asarray(table.column(name).cast(dtype, safe=False).to_numpy())  # null becomes NaN

        features = np.column_stack([column(name, pa.float32()) for name in self.features])
        labels = column(self.label, pa.float64())
        if np.isnan(labels).any():
            raise InvalidTrainingSet(f"{path} has rows without {self.label!r}; a training set needs every label")
        return features.astype(np.float32, copy=False), labels


def load_training_set(folder: str) -> TrainingSet:
    """Return the training set that a folder holds.

    :raises InvalidTrainingSet: training_set.json is missing, unreadable or lacks a key.
    """
    path = Path(folder) / "training_set.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        return TrainingSet(
            folder=Path(folder),
            features=tuple(found["features"]),
            categorical={name: int(size) for name, size in found["categorical"].items()},
            label=found["label"],
            digest=str(found["digest"]),
            snapshot_id=str(found["snapshot_id"]),
            rows={name: int(count) for name, count in found["rows"].items()},
        )
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise InvalidTrainingSet(
            f"{path} cannot be used ({type(error).__name__}: {error}); it needs features, categorical, label, "
            "digest, snapshot_id and rows"
        ) from error
