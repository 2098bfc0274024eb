"""Reads the two windows that a report compares, bounded in size and free of single persons' values."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shamal.providers.evidently.errors import InvalidColumns, InvalidWindow
from shamal.providers.evidently.settings import Columns

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MAX_ROWS = 30_000  # Evidently needs 4 s for 20 columns of these, 22 s for ten times as many
SEED = 20130101
RARE = 10  # a value that fewer rows share could point to a person
RARE_SHARE = 0.01  # rarer categories are noise in a comparison of a night with a season
OTHER = "other"


@dataclass(frozen=True)
class Window:
    """One window as columns of numbers.

    :param frame: at most MAX_ROWS rows, every column float64, NaN = missing.
    :param total: rows before sampling.
    """

    frame: "pd.DataFrame"
    total: int


def read_window(path: str, columns: Columns) -> Window:
    """Return the window of a Parquet file; too many rows give a sample that is the same each time.

    :raises InvalidWindow: the file is missing or unreadable.
    :raises InvalidColumns: it lacks a column, or one is not a number.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path) if Path(path).is_file() else pq.ParquetDataset(path).schema
        missing = sorted(set(columns.all) - set(schema.names))
        if missing:
            raise InvalidColumns(f"{path} lacks the columns {missing}; it has {', '.join(sorted(schema.names))}")
        table = pq.read_table(path, columns=list(columns.all))
    except (OSError, pa.ArrowException) as error:
        raise InvalidWindow(f"{path} cannot be read: {error}; make the window again") from error
    total = table.num_rows
    if total > MAX_ROWS:
        table = table.take(np.sort(np.random.default_rng(SEED).choice(total, MAX_ROWS, replace=False)))
    for name in columns.all:
        kind = table.schema.field(name).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
            raise InvalidColumns(f"column {name!r} of {path} is {kind}; give numbers, categories as integer codes")
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, table.column(name).cast(pa.float64(), safe=False))
    frame = table.to_pandas()
    return Window(frame.replace([np.inf, -np.inf], np.nan), total)


def blur(current: "pd.Series", reference: "pd.Series", *, categorical: bool) -> "tuple[pd.Series, pd.Series]":
    """Return both columns without values that only a few rows have, because reports show edges and categories.

    Categories of fewer than RARE rows or RARE_SHARE of all become `other`. Numbers are drawn in to the range that
    at least RARE rows reach at each end, rounded to three digits.
    """
    import numpy as np
    import pandas as pd

    both = pd.concat([current, reference]).dropna()
    if categorical:
        counts = both.value_counts()
        common = counts[counts >= max(RARE, RARE_SHARE * len(both))].index
        names = {value: f"{value:g}" for value in common}

        def merged(column: "pd.Series") -> "pd.Series":
            return column.map(names).fillna(OTHER).where(column.notna(), None)

        return merged(current), merged(reference)
    ordered = np.sort(both.to_numpy())
    if len(ordered) < 2 * RARE:
        return current * np.nan, reference * np.nan
    low, high = _rounded(ordered[RARE - 1]), _rounded(ordered[-RARE])
    return current.clip(low, high), reference.clip(low, high)


def _rounded(value: "np.floating") -> float:
    return float(f"{value:.3g}")
