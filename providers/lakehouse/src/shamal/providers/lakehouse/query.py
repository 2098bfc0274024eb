"""Read-only SQL over Arrow tables, reading only the columns that the query names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def run_query(sql: str, columns: Mapping[str, Sequence[str]], load: Callable[[str, list[str]], pa.Table]) -> pa.Table:
    """Run one SELECT in DuckDB and return its result.

    :param columns: the columns of each table, by the alias that the query uses.
    :param load: returns the table of an alias with the given columns.
    """
    import duckdb

    with duckdb.connect(":memory:") as connection:
        needed = _needed_columns(connection, sql, columns)
        for alias, names in needed.items():
            connection.register(alias, load(alias, names))
        # The query sees the registered tables only: no file, no network, no Python variable.
        for setting in ("python_enable_replacements = false", "TimeZone = 'UTC'", "enable_external_access = false"):
            connection.execute(f"SET {setting}").fetchall()
        return connection.sql(sql).to_arrow_table()


def _needed_columns(
    connection: duckdb.DuckDBPyConnection, sql: str, columns: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Every column whose name occurs in the query, or all of them where the query may mean all."""
    (serialised,) = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0]
    tree = json.loads(serialised)
    if tree["error"]:
        raise ValueError(f"the query is no single SELECT that DuckDB understands: {tree['error_message']}")
    words = {word.lower() for word in _strings(tree)}
    aliases = {alias.lower() for alias in columns}
    # `SELECT *`, NATURAL joins and a table used as a value (`SELECT t FROM t`) name no column.
    everything = words & {"star", "natural"} or any(names[0].lower() in aliases for names in _whole_rows(tree))
    return {
        alias: [name for name in names if everything or name.lower() in words] or list(names[:1])
        for alias, names in columns.items()
    }


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _strings(child)


def _whole_rows(node: Any) -> Iterator[list[str]]:
    if isinstance(node, dict):
        if node.get("class") == "COLUMN_REF" and len(node["column_names"]) == 1:
            yield node["column_names"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _whole_rows(child)
