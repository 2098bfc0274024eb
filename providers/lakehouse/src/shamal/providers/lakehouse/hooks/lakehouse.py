"""Hook of the lakehouse: owns the Iceberg catalog of a connection."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from shamal.providers.lakehouse import logfiles, publishing, staging
from shamal.providers.lakehouse.connection import LakehouseSettings
from shamal.providers.lakehouse.errors import InvalidName, LakehouseUnavailable, SnapshotMissing, TableMissing
from shamal.providers.lakehouse.interval import Interval
from shamal.providers.lakehouse.query import run_query
from shamal.providers.lakehouse.schema import check_schema

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

# An SQL catalog stores this name beside each table: every client of one catalog has to use the same.
CATALOG = "lakehouse"
TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}")
# A retried commit would be rebuilt on what another writer just committed: fail, so that the task runs again.
TABLE_PROPERTIES = {"commit.retry.num-retries": "0"}


class LakehouseHook(BaseHook):
    """Reads and writes the Iceberg tables of one catalog.

    :param lakehouse_conn_id: connection of type `shamal_lakehouse`.
    """

    conn_name_attr = "lakehouse_conn_id"
    default_conn_name = "lakehouse_default"
    conn_type = "shamal_lakehouse"
    hook_name = "Shamal Lakehouse"

    def __init__(self, lakehouse_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.lakehouse_conn_id = lakehouse_conn_id

    @cached_property
    def settings(self) -> LakehouseSettings:
        """What the connection says."""
        return LakehouseSettings.from_connection(self.get_connection(self.lakehouse_conn_id))

    @cached_property
    def catalog(self) -> Catalog:
        """The Iceberg catalog of the connection.

        :raises LakehouseUnavailable: the catalog does not answer.
        """
        from pyiceberg.catalog import load_catalog
        from sqlalchemy.exc import OperationalError

        self.settings.make_folders()
        try:
            return load_catalog(CATALOG, **self.settings.catalog_properties)
        except (OSError, OperationalError) as error:
            # The address without what may precede the host: user and password.
            address = self.settings.catalog_uri.rsplit("@", 1)[-1]
            raise LakehouseUnavailable(
                f"the Iceberg catalog of connection {self.lakehouse_conn_id!r} at {address} does not answer "
                f"({type(error).__name__}). Is it running? Look at its log."
            ) from error

    def table(self, name: str) -> Table:
        """Return a table as pyiceberg sees it.

        :raises TableMissing: the catalog has no such table.
        """
        from pyiceberg.exceptions import NoSuchTableError

        check_name(name)
        try:
            return self.catalog.load_table(name)
        except NoSuchTableError:
            known = [
                ".".join(path) for space in self.catalog.list_namespaces() for path in self.catalog.list_tables(space)
            ]
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(sorted(known)) or 'none'}."
            raise TableMissing(f"connection {self.lakehouse_conn_id!r} has no table {name}; {hint}") from None

    def snapshot_id(self, table: str, ref: str = "main") -> int:
        """Return the snapshot that a branch or tag points to: the version of the data.

        :raises SnapshotMissing: the table has no such branch or tag.
        """
        snapshot = self.table(table).snapshot_by_name(ref)
        if snapshot is None:
            raise SnapshotMissing(f"table {table} has no snapshot on {ref!r}. Stage and publish rows first.")
        return int(snapshot.snapshot_id)

    def scan(
        self,
        table: str,
        snapshot_id: int | None = None,
        columns: Sequence[str] | None = None,
        row_filter: str | None = None,
    ) -> pa.Table:
        """Return rows of a table; only the named columns are read.

        :param snapshot_id: version of the data; None is what main shows now.
        :param row_filter: Iceberg expression such as `"distance > 1000 and carrier = 'UA'"`.
        """
        iceberg = self.table(table)
        if snapshot_id is not None and iceberg.snapshot_by_id(snapshot_id) is None:
            raise SnapshotMissing(f"table {table} has no snapshot {snapshot_id}; it may have expired.")
        selected = tuple(columns) if columns is not None else ("*",)
        options = {"row_filter": row_filter} if row_filter else {}
        return iceberg.scan(selected_fields=selected, snapshot_id=snapshot_id, **options).to_arrow()

    def query(self, sql: str, tables: Mapping[str, str]) -> pa.Table:
        """Run one SELECT over tables in DuckDB; it can reach nothing else.

        :param tables: by alias in the query, `<table>` or `<table>@<snapshot id>`.
        """
        versions = {alias: parse_version(version) for alias, version in tables.items()}
        columns = {alias: self.table(name).schema().column_names for alias, (name, _) in versions.items()}
        return run_query(sql, columns, lambda alias, names: self.scan(*versions[alias], columns=names))

    def attempt(self, table: str, interval: Interval) -> AbstractContextManager[Path]:
        """Return a context with a fresh staging folder; a second attempt on the table waits for the first."""
        check_name(table)
        return staging.attempt_folder(self.settings.staging, table, interval)

    def stage(
        self, table: str, files: Sequence[Path], interval: Interval, time_column: str, branch: str
    ) -> dict[str, Any]:
        """Replace the interval on a branch by the rows of Parquet files; main stays as it is.

        The table is created from the files' schema when it does not exist.

        :param files: Parquet files of an attempt's folder `rows`.
        """
        found = staging.read_schema(files)
        exists = self.catalog.table_exists(table)
        check_schema(table, found, self.table(table).schema().as_arrow() if exists else None)
        rows = staging.check_rows(files, interval, time_column)
        iceberg = self.table(table) if exists else self._create(table, found)
        snapshot_id = staging.commit(iceberg, files, interval, time_column, branch)
        return {
            "table": table,
            "branch": branch,
            "snapshot_id": snapshot_id,
            "rows": rows,
            "start": interval.start.isoformat(),
            "end": interval.end.isoformat(),
        }

    def publish(self, table: str, branch: str) -> dict[str, Any]:
        """Fast-forward main to what is staged on a branch, in one metadata swap."""
        return publishing.publish(self.table(table), table, branch)

    def rollback(self, table: str, snapshot_id: int, branch: str) -> dict[str, Any]:
        """Set main back to a snapshot it had before, and drop the branch that builds on what is undone."""
        return publishing.rollback(self.table(table), table, snapshot_id, branch)

    def load_files(
        self, table: str, files: str, key_columns: Sequence[str], timestamp_columns: Sequence[str]
    ) -> dict[str, Any]:
        """Append the rows of log files whose key the table does not hold yet.

        The table is created from the files' schema when it does not exist.
        """
        check_name(table)
        exists = self.catalog.table_exists(table)
        schema = self.table(table).schema().as_arrow() if exists else None
        rows = logfiles.read_files(files, key_columns, timestamp_columns, schema)
        if rows is None:
            return {"table": table, "added": 0, "snapshot_id": self._main(table) if exists else None}
        check_schema(table, rows.schema, schema)
        iceberg = self.table(table) if exists else self._create(table, rows.schema)
        added = logfiles.new_rows(rows, iceberg.scan(selected_fields=tuple(key_columns)).to_arrow(), key_columns)
        if len(added):
            iceberg.append(added)
        return {"table": table, "added": len(added), "snapshot_id": self._main(table)}

    def _main(self, table: str) -> int | None:
        current: int | None = self.table(table).metadata.current_snapshot_id
        return current

    def _create(self, table: str, schema: pa.Schema) -> Table:
        self.catalog.create_namespace_if_not_exists(table.split(".", 1)[0])
        return self.catalog.create_table(table, schema, properties=TABLE_PROPERTIES)


def check_name(table: str) -> None:
    """Raise unless the name is `<model>.<table>`.

    :raises InvalidName: it is not.
    """
    if not TABLE_NAME.fullmatch(table):
        raise InvalidName(
            f"table name {table!r} is not allowed; it must be <model>.<table> in small letters, digits and underscores."
        )


def parse_version(version: str) -> tuple[str, int | None]:
    """Return the table and the snapshot of `<table>` or `<table>@<snapshot id>`."""
    name, _, snapshot = version.partition("@")
    if snapshot and not snapshot.isdigit():
        raise SnapshotMissing(f"{version!r} is no <table>@<snapshot id>; a snapshot id is a number.")
    return name, int(snapshot) if snapshot else None
