"""Reads published rows of Iceberg tables: chosen columns of one time interval, as Arrow."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

from shamal.providers.feast.errors import MissingColumn, MissingTable, choices

if TYPE_CHECKING:
    from pyarrow import Table
    from pyiceberg.table import Table as IcebergTable

EXCLUSIVE = timedelta(microseconds=1)  # the finest step of a column: subtract it from an exclusive end


# An SQL catalog keeps its tables under the name of the catalog: every reader of one lake must use the same.
CATALOG = "lakehouse"


def load_table(catalog: Mapping[str, str], name: str) -> "IcebergTable":
    """Return the table.

    :param catalog: properties for pyiceberg's load_catalog (type, uri, warehouse)
    :param name: `namespace.table`
    :raises MissingTable: when the catalog has no such table
    """
    from pyiceberg.catalog import load_catalog
    from pyiceberg.exceptions import NoSuchTableError

    try:
        return load_catalog(CATALOG, **catalog).load_table(name)
    except NoSuchTableError as error:
        raise MissingTable(
            f"The Iceberg catalog {catalog['uri']} has no table {name!r}. Publish the table first, or correct its name."
        ) from error


def published_snapshot(table: "IcebergTable") -> int:
    """Return the id of the snapshot that the main branch points to.

    :raises MissingTable: when nothing was published yet
    """
    snapshot = table.current_snapshot()
    if snapshot is None:
        raise MissingTable(f"Table {'.'.join(table.name())!r} has no published snapshot. Publish it first.")
    return int(snapshot.snapshot_id)


def scan(
    table: "IcebergTable",
    columns: Sequence[str],
    time_column: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    snapshot_id: int | None = None,
) -> "Table":
    """Return the chosen columns of the rows with start <= time <= end.

    :param columns: columns to read; the scan reads no other
    :param time_column: timestamp column that the interval filters
    :param start: first moment, or None for no bound
    :param end: last moment, included, or None for no bound
    :param snapshot_id: snapshot to read; default the main branch's current one
    :raises MissingColumn: when the table lacks a column
    """
    from pyiceberg.expressions import AlwaysTrue, And, GreaterThanOrEqual, LessThanOrEqual

    require_columns(table, [*columns, time_column])
    bounds: list[Any] = [AlwaysTrue()]
    if start is not None:
        bounds.append(GreaterThanOrEqual(time_column, _literal(table, time_column, start)))
    if end is not None:
        bounds.append(LessThanOrEqual(time_column, _literal(table, time_column, end)))
    return table.scan(
        row_filter=reduce(And, bounds),
        selected_fields=tuple(dict.fromkeys(columns)),
        snapshot_id=snapshot_id,
    ).to_arrow()


def require_columns(table: "IcebergTable", columns: Sequence[str]) -> None:
    """Check that the table has the columns.

    :raises MissingColumn: naming the first column it lacks
    """
    present = table.schema().column_names
    for column in columns:
        if column not in present:
            raise MissingColumn(
                f"Table {'.'.join(table.name())!r} has no column {column!r}; {choices(column, present)}"
            )


def _literal(table: "IcebergTable", column: str, moment: datetime) -> str:
    """Return the moment as Iceberg compares it: with a zone for timestamptz, without one for timestamp."""
    from pyiceberg.types import TimestamptzType

    zoned = isinstance(table.schema().find_type(column), TimestamptzType)
    return moment.isoformat() if zoned else moment.replace(tzinfo=None).isoformat()
