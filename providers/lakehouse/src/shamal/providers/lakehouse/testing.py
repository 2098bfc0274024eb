"""An in-memory LakehouseHook for unit tests: the same methods and errors, no catalog and no server."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shamal.providers.lakehouse import logfiles, staging
from shamal.providers.lakehouse.errors import PublishConflict, SnapshotMissing, TableMissing
from shamal.providers.lakehouse.hooks.lakehouse import check_name, parse_version
from shamal.providers.lakehouse.interval import Interval
from shamal.providers.lakehouse.query import run_query
from shamal.providers.lakehouse.schema import check_schema

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class _FakeTable:
    schema: pa.Schema
    snapshots: dict[int, pa.Table] = field(default_factory=dict)
    parents: dict[int, int | None] = field(default_factory=dict)
    refs: dict[str, int] = field(default_factory=dict)
    history: list[int] = field(default_factory=list)


class FakeLakehouseHook:
    """Keeps tables in memory; the contract test runs it beside the real hook.

    :param folder: where attempts write their Parquet files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tables: dict[str, _FakeTable] = {}
        self._ids = itertools.count(1)

    def snapshot_id(self, table: str, ref: str = "main") -> int:
        """Return the snapshot that a branch points to."""
        refs = self._table(table).refs
        if ref not in refs:
            raise SnapshotMissing(f"table {table} has no snapshot on {ref!r}.")
        return refs[ref]

    def scan(
        self,
        table: str,
        snapshot_id: int | None = None,
        columns: Sequence[str] | None = None,
        row_filter: str | None = None,
    ) -> pa.Table:
        """Return rows of a table; the filter is read as SQL."""
        fake = self._table(table)
        if snapshot_id is not None and snapshot_id not in fake.snapshots:
            raise SnapshotMissing(f"table {table} has no snapshot {snapshot_id}.")
        version = snapshot_id if snapshot_id is not None else fake.refs.get("main")
        rows = fake.schema.empty_table() if version is None else fake.snapshots[version]
        if row_filter:
            sql = f"SELECT * FROM rows WHERE {row_filter}"  # noqa: S608 - a test's own filter
            rows = run_query(sql, {"rows": rows.column_names}, lambda _, names: rows.select(names))
        return rows.select(list(columns)) if columns is not None else rows

    def query(self, sql: str, tables: Mapping[str, str]) -> pa.Table:
        """Run one SELECT over tables in DuckDB."""
        versions = {alias: parse_version(version) for alias, version in tables.items()}
        columns = {alias: self._table(name).schema.names for alias, (name, _) in versions.items()}
        return run_query(sql, columns, lambda alias, names: self.scan(*versions[alias], columns=names))

    def attempt(self, table: str, interval: Interval) -> AbstractContextManager[Path]:
        """Return a context with a fresh staging folder."""
        check_name(table)
        return staging.attempt_folder(self.folder, table, interval)

    def stage(
        self, table: str, files: Sequence[Path], interval: Interval, time_column: str, branch: str
    ) -> dict[str, Any]:
        """Replace the interval on a branch by the rows of Parquet files."""
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        check_name(table)
        found = staging.read_schema(files)
        check_schema(table, found, self.tables[table].schema if table in self.tables else None)
        rows = staging.check_rows(files, interval, time_column)
        fake = self.tables.setdefault(table, _FakeTable(found))
        if "main" not in fake.refs:
            fake.history.append(self._commit(fake, "main", found.empty_table(), None))
        main = fake.refs["main"]
        old = fake.snapshots[main]
        first, last = interval.bounds
        kept = old.filter(pc.or_(pc.less(old[time_column], first), pc.greater_equal(old[time_column], last)))
        new = [pq.read_table(file).select(fake.schema.names) for file in files]
        snapshot = self._commit(fake, branch, pa.concat_tables([kept, *new]), main)
        return {
            "table": table,
            "branch": branch,
            "snapshot_id": snapshot,
            "rows": rows,
            "start": interval.start.isoformat(),
            "end": interval.end.isoformat(),
        }

    def publish(self, table: str, branch: str) -> dict[str, Any]:
        """Fast-forward main to the branch's head."""
        fake = self._table(table)
        if branch not in fake.refs:
            raise SnapshotMissing(f"nothing is staged on branch {branch!r} of table {table}.")
        staged, main = fake.refs[branch], fake.refs.get("main")
        if main not in (staged, fake.parents[staged]):
            raise PublishConflict(f"main of table {table} moved since snapshot {staged} was staged.")
        return self._move_main(fake, table, staged)

    def rollback(self, table: str, snapshot_id: int, branch: str) -> dict[str, Any]:
        """Set main back and drop the branch."""
        fake = self._table(table)
        if snapshot_id not in fake.history:
            raise SnapshotMissing(f"main of table {table} never was at snapshot {snapshot_id}.")
        if fake.refs["main"] != snapshot_id:
            fake.refs.pop(branch, None)
        return self._move_main(fake, table, snapshot_id)

    def load_files(
        self, table: str, files: str, key_columns: Sequence[str], timestamp_columns: Sequence[str]
    ) -> dict[str, Any]:
        """Append the rows of log files whose key the table does not hold yet."""
        import pyarrow as pa

        check_name(table)
        known = self.tables.get(table)
        rows = logfiles.read_files(files, key_columns, timestamp_columns, known.schema if known else None)
        if rows is None:
            return {"table": table, "added": 0, "snapshot_id": known.refs.get("main") if known else None}
        check_schema(table, rows.schema, known.schema if known else None)
        fake = self.tables.setdefault(table, _FakeTable(rows.schema))
        old = self.scan(table)
        added = logfiles.new_rows(rows, old.select(list(key_columns)), key_columns)
        if len(added):
            snapshot = self._commit(fake, "main", pa.concat_tables([old, added]), fake.refs.get("main"))
            fake.history.append(snapshot)
        return {"table": table, "added": len(added), "snapshot_id": fake.refs.get("main")}

    def _table(self, name: str) -> _FakeTable:
        check_name(name)
        if name not in self.tables:
            raise TableMissing(f"no table {name}; known are: {', '.join(self.tables) or 'none'}.")
        return self.tables[name]

    def _commit(self, fake: _FakeTable, ref: str, rows: pa.Table, parent: int | None) -> int:
        snapshot = next(self._ids)
        fake.snapshots[snapshot], fake.parents[snapshot], fake.refs[ref] = rows, parent, snapshot
        return snapshot

    def _move_main(self, fake: _FakeTable, table: str, snapshot: int) -> dict[str, Any]:
        if fake.refs.get("main") != snapshot:
            fake.refs["main"] = snapshot
            fake.history.append(snapshot)
        earlier = [known for known in fake.history if known != snapshot]
        return {
            "table": table,
            "snapshot_id": snapshot,
            "previous_snapshot_id": earlier[-1] if earlier else None,
            "rows": len(fake.snapshots[snapshot]),
        }
