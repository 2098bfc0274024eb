"""Hook that reads and rewrites one interval of a staged Iceberg table."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from shamal.providers.great_expectations.errors import InvalidConnection, TableMissing

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.expressions import BooleanExpression
    from pyiceberg.table import Table

# An SQL catalog stores this name beside each table: every client of one catalog has to use the same.
CATALOG = "lakehouse"
# Kept in the snapshot of validated rows: the snapshot whose rows were validated, so that a second run reads those.
VALIDATED_FROM = "shamal.validated-from"


class StagedTableHook(BaseHook):
    """Reads a branch's interval, and replaces it by its good rows in one transaction.

    :param lakehouse_conn_id: connection of type `shamal_lakehouse` (extra: catalog_type, catalog_uri, warehouse).
    """

    def __init__(self, lakehouse_conn_id: str = "lakehouse_default") -> None:
        super().__init__()
        self.lakehouse_conn_id = lakehouse_conn_id

    @cached_property
    def catalog(self) -> Catalog:
        """The Iceberg catalog of the connection."""
        from pyiceberg.catalog import load_catalog

        connection = self.get_connection(self.lakehouse_conn_id)
        extra = connection.extra_dejson
        missing = [key for key in ("catalog_type", "catalog_uri", "warehouse") if not extra.get(key)]
        if missing:
            raise InvalidConnection(f"connection {self.lakehouse_conn_id!r} lacks {', '.join(missing)} in its extra.")
        properties = {"type": extra["catalog_type"], "uri": extra["catalog_uri"], "warehouse": extra["warehouse"]}
        if connection.password:
            # An OAuth2 client has an id and a secret; a bare password is a bearer token.
            key, prefix = ("credential", f"{connection.login}:") if connection.login else ("token", "")
            properties[key] = prefix + connection.password
        if extra["catalog_uri"].startswith("sqlite:///"):
            Path(extra["catalog_uri"].removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        return load_catalog(CATALOG, **properties)

    def read(self, table: str, branch: str, interval: BooleanExpression) -> tuple[pa.Table, int]:
        """Return the interval's rows as they were staged, and the snapshot they were staged in.

        After a validation the branch holds the good rows only; the rows as staged are those it started from.

        :raises TableMissing: the table or the branch does not exist.
        """
        iceberg = self._table(table)
        head = iceberg.snapshot_by_name(branch)
        if head is None:
            raise TableMissing(f"table {table} has no branch {branch!r}; run the stage task first.")
        staged = head.snapshot_id
        if head.summary is not None:
            staged = int(head.summary.additional_properties.get(VALIDATED_FROM, staged))
        return iceberg.scan(interval, snapshot_id=staged).to_arrow(), staged

    def columns(self, table: str) -> list[str]:
        """Return the table's column names."""
        return list(self._table(table).schema().column_names)

    def keep(self, table: str, branch: str, interval: BooleanExpression, good: pa.Table, staged: int) -> int:
        """Replace the branch's interval by the good rows, in one transaction, and return the new snapshot id.

        :param staged: snapshot whose rows were validated.
        """
        iceberg = self._table(table)
        iceberg.overwrite(good, interval, snapshot_properties={VALIDATED_FROM: str(staged)}, branch=branch)
        return self._head(iceberg, branch)

    def quarantine(self, table: str, interval: BooleanExpression, bad: pa.Table) -> None:
        """Replace the interval of the quarantine table, in one transaction; the table is created when missing."""
        from pyiceberg.exceptions import NoSuchTableError

        try:
            iceberg = self.catalog.load_table(table)
        except NoSuchTableError:
            self.catalog.create_namespace_if_not_exists(table.split(".", 1)[0])
            iceberg = self.catalog.create_table_if_not_exists(table, bad.schema)
        with iceberg.update_schema() as update:
            update.union_by_name(bad.schema)
        if len(bad) or iceberg.scan(interval).count():
            iceberg.overwrite(bad, interval)

    def _table(self, name: str) -> Table:
        from pyiceberg.exceptions import NoSuchTableError

        try:
            return self.catalog.load_table(name)
        except NoSuchTableError as error:
            raise TableMissing(
                f"connection {self.lakehouse_conn_id!r} has no table {name}; run the stage task first."
            ) from error

    @staticmethod
    def _head(table: Table, branch: str) -> int:
        head: Any = table.refresh().snapshot_by_name(branch)
        return int(head.snapshot_id)
