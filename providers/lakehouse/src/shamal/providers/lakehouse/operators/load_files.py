"""Loads log files into an Iceberg table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook

if TYPE_CHECKING:
    from airflow.sdk import Context


class LoadFilesOperator(BaseOperator):
    """Appends the rows of log files that the table does not hold yet; loading the same files again adds nothing.

    A last JSON line that is still being written is left for the next load, never lost.

    :param table: `<model>.<table>`; created from the files' schema when it does not exist. (templated)
    :param files: glob of `.parquet`, `.jsonl` or `.json` (one object per line) files. (templated)
    :param key_columns: columns that identify a row.
    :param timestamp_columns: JSON fields that hold ISO 8601 times, needed only to create the table.
    :param lakehouse_conn_id: connection of type `shamal_lakehouse`.
    """

    template_fields: Sequence[str] = ("table", "files")

    def __init__(
        self,
        *,
        table: str,
        files: str,
        key_columns: Sequence[str],
        timestamp_columns: Sequence[str] = (),
        lakehouse_conn_id: str = "lakehouse_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.files = files
        self.key_columns = key_columns
        self.timestamp_columns = timestamp_columns
        self.lakehouse_conn_id = lakehouse_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Return table, added (rows) and snapshot_id (None while the table does not exist)."""
        hook = LakehouseHook(self.lakehouse_conn_id)
        return hook.load_files(self.table, self.files, self.key_columns, self.timestamp_columns)
