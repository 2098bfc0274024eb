"""Reads log files that another program may still be writing."""

from __future__ import annotations

import glob
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shamal.providers.lakehouse.errors import InvalidRows, UnreadableFile
from shamal.providers.lakehouse.schema import without_large_types

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES = 16 << 20  # the longest JSON line that can be read


def read_files(
    pattern: str, key_columns: Sequence[str], timestamp_columns: Sequence[str], schema: pa.Schema | None
) -> pa.Table | None:
    """Return the rows of all files that match, or None when there is no complete row.

    A last line without its newline is still being written and is left for the next load.

    :param pattern: glob of `.parquet`, `.jsonl` and `.json` (lines) files.
    :param timestamp_columns: JSON fields that hold ISO 8601 times; the table's own schema wins once it exists.
    :param schema: the columns of the table, None while it does not exist.
    :raises UnreadableFile: a file is damaged or of another kind.
    :raises InvalidRows: a row lacks a key.
    """
    import pyarrow as pa

    tables = []
    for name in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 - the pattern may be absolute
        path = Path(name)
        try:
            rows = _read(path, timestamp_columns, schema)
        except (OSError, pa.ArrowInvalid) as error:
            raise UnreadableFile(f"{path}: {error}. Nothing was loaded. Repair the file or move it away.") from error
        if rows is not None:
            _check_keys(path, rows, key_columns)
            tables.append(rows)
    return pa.concat_tables(tables, promote_options="permissive") if tables else None


def _read(path: Path, timestamp_columns: Sequence[str], schema: pa.Schema | None) -> pa.Table | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.suffix == ".parquet":
        return pq.read_table(path)
    if path.suffix not in (".jsonl", ".json"):
        raise UnreadableFile(
            f"{path} ends in {path.suffix!r}; allowed are .parquet, .jsonl and .json. Narrow the glob."
        )
    content = path.read_bytes()
    complete = content[: content.rfind(b"\n") + 1]
    if not complete.strip():
        return None
    if schema:
        known = pa.schema([(field.name, without_large_types(field.type)) for field in schema])
        return _parse(complete, known, "error")
    times = pa.schema([(name, pa.timestamp("us", "UTC")) for name in timestamp_columns])
    inferred = _parse(complete, times, "infer").schema
    # A text that looks like a time, such as a key made of a date, is a text unless it was named;
    # so is a column that has no value yet.
    texts = [
        field.name
        for field in inferred
        if field.name not in times.names and (pa.types.is_timestamp(field.type) or pa.types.is_null(field.type))
    ]
    return _parse(complete, pa.schema([*times, *((name, pa.string()) for name in texts)]), "infer")


def _parse(lines: bytes, known: pa.Schema, unexpected: str) -> pa.Table:
    import pyarrow.json as pj

    return pj.read_json(
        io.BytesIO(lines),
        read_options=pj.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=pj.ParseOptions(explicit_schema=known, unexpected_field_behavior=unexpected),
    )


def _check_keys(path: Path, rows: pa.Table, key_columns: Sequence[str]) -> None:
    for key in key_columns:
        empty = rows[key].null_count if key in rows.column_names else len(rows)
        if empty:
            raise InvalidRows(f"{path}: {empty} of {len(rows)} rows have no {key}, a key column. Nothing was loaded.")


def new_rows(rows: pa.Table, existing: pa.Table, key_columns: Sequence[str]) -> pa.Table:
    """Return the rows whose key the table does not hold yet, each key once (its first row)."""
    import pyarrow as pa

    keys = list(key_columns)
    numbered = rows.select(keys).append_column("_row", pa.array(range(len(rows)), pa.int64()))
    first = numbered.group_by(keys, use_threads=False).aggregate([("_row", "min")])
    known = existing.select(keys).cast(first.select(keys).schema)
    unseen = first.join(known, keys, join_type="left anti")
    return rows.take(unseen["_row_min"].sort())
