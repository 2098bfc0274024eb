"""The point-in-time join itself: Arrow tables in, one DuckDB query, Arrow table out.

Every query runs on its own in-memory connection with UTC as its zone; times are timestamp[us, UTC].
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pyarrow import Table


@dataclass(frozen=True)
class ViewRows:
    """What the join needs of one feature view.

    :param rows: join keys, features and times, under the source's column names
    :param keys: `{column of rows: column of the entity rows}`; empty for a view without an entity
    :param features: `{column of rows: name in the result}`
    :param times: the time column, then the created-timestamp column if the source has one
    :param ttl: greatest age of a value that still counts, edge included; None for ever
    """

    rows: "Table"
    keys: Mapping[str, str]
    features: Mapping[str, str]
    times: Sequence[str]
    ttl: timedelta | None = None


def point_in_time(entities: "Table", time_column: str, views: Sequence[ViewRows]) -> "Table":
    """Return the entity rows, in their order, with each view's values as of the row's time.

    :param entities: rows with the join keys and the time column
    :param time_column: name of the entity rows' time column
    :param views: feature views to join, one after another
    """
    import pyarrow as pa

    with _connection() as duck:
        position = pa.array(range(entities.num_rows), pa.int64())
        duck.register("entities", entities.append_column("__row", position))
        selected = [f"entities.{_quoted(name)}" for name in entities.column_names]
        joins = []
        for number, view in enumerate(views):
            alias = f"view_{number}"
            duck.register(alias, _one_row_per_key_and_time(duck, view))
            selected += _features(view, alias, time_column)
            joins.append(_asof_join(view, alias, time_column))
        query = f"SELECT {', '.join(selected)} FROM entities {' '.join(joins)} ORDER BY entities.__row"  # noqa: S608
        return _arrow(duck, query)


def latest(rows: "Table", keys: Sequence[str], features: Sequence[str], times: Sequence[str]) -> "Table":
    """Return the newest row of each key; ties go to the newest created timestamp.

    :param times: the time column, then the created-timestamp column if there is one
    """
    with _connection() as duck:
        duck.register("feature_rows", rows)
        return _arrow(duck, _newest("feature_rows", keys, times, features))


def with_utc_times(rows: "Table", columns: Iterable[str]) -> "Table":
    """Return the rows with the named columns as timestamp[us, UTC]; a time without a zone is taken as UTC."""
    import pyarrow as pa

    moment = pa.timestamp("us", "UTC")
    for name in columns:
        if rows.schema.field(name).type != moment:
            # A finer time than a microsecond is cut, as Iceberg and DuckDB's zoned timestamps cannot hold it.
            zoned = rows[name].cast(moment, safe=False)
            rows = rows.set_column(rows.column_names.index(name), name, zoned)
    return rows


def _asof_join(view: ViewRows, alias: str, time_column: str) -> str:
    conditions = [f"entities.{_quoted(entity)} = {alias}.{_quoted(column)}" for column, entity in view.keys.items()]
    conditions.append(f"entities.{_quoted(time_column)} >= {alias}.{_quoted(view.times[0])}")
    return f"ASOF LEFT JOIN {alias} ON {' AND '.join(conditions)}"


def _features(view: ViewRows, alias: str, time_column: str) -> list[str]:
    """Return the select list: a value older than the TTL is null (the newest is too old, so every one is)."""
    template = "{value} AS {name}"
    if view.ttl is not None:
        age = f"INTERVAL {view.ttl // timedelta(microseconds=1)} MICROSECOND"
        fresh = f"entities.{_quoted(time_column)} <= {alias}.{_quoted(view.times[0])} + {age}"
        template = f"CASE WHEN {fresh} THEN {{value}} END AS {{name}}"
    return [
        template.format(value=f"{alias}.{_quoted(column)}", name=_quoted(name))
        for column, name in view.features.items()
    ]


def _one_row_per_key_and_time(duck: "DuckDBPyConnection", view: ViewRows) -> "Table":
    """Return the view's rows with ties settled; an ASOF join would pick any of them.

    Looking for ties first is worth it: counting is several times cheaper than ranking, and ties are rare.
    """
    duck.register("feature_rows", view.rows)
    columns = ", ".join(_quoted(name) for name in [*view.keys, view.times[0]])
    ties = duck.sql(f"SELECT 1 FROM feature_rows GROUP BY {columns} HAVING count(*) > 1 LIMIT 1").fetchall()  # noqa: S608
    if not ties:
        return view.rows
    moment, *created = view.times
    query = _newest("feature_rows", [*view.keys, moment], created, list(view.features))
    return _arrow(duck, query)


def _newest(relation: str, keys: Sequence[str], times: Sequence[str], features: Sequence[str]) -> str:
    """Return the query for one row per key: the newest by `times`.

    Rows alike in every time are told apart by their values, so that the answer never depends on chance.
    """
    partition = f"PARTITION BY {', '.join(map(_quoted, keys))}" if keys else ""
    order = [f"{_quoted(name)} DESC NULLS LAST" for name in [*times, *features]]
    ordering = f"ORDER BY {', '.join(order)}" if order else ""
    return f"SELECT * FROM {relation} QUALIFY row_number() OVER ({partition} {ordering}) = 1"  # noqa: S608


def _connection() -> "DuckDBPyConnection":
    import duckdb

    duck = duckdb.connect()
    duck.execute("SET TimeZone = 'UTC'")
    return duck


def _arrow(duck: "DuckDBPyConnection", query: str) -> Any:
    return duck.sql(query).to_arrow_table()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
