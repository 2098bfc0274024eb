"""Shows readers of an Iceberg table what they saw before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from shamal.providers.lakehouse.errors import SnapshotMissing
from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook

if TYPE_CHECKING:
    from airflow.sdk import Context


class RollbackTableOperator(BaseOperator):
    """Shows readers an earlier published snapshot again, and drops the branch that builds on what is undone.

    :param table: `<model>.<table>`. (templated)
    :param snapshot_id: a snapshot that main was at, from a publish task's result. (templated)
    :param branch: Iceberg branch of staged rows to drop; stage again to publish again.
    :param lakehouse_conn_id: connection of type `shamal_lakehouse`.
    """

    template_fields: Sequence[str] = ("table", "snapshot_id")

    def __init__(
        self,
        *,
        table: str,
        snapshot_id: int | str,
        branch: str = "staged",
        lakehouse_conn_id: str = "lakehouse_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.snapshot_id = snapshot_id
        self.branch = branch
        self.lakehouse_conn_id = lakehouse_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Return table, snapshot_id, previous_snapshot_id and rows."""
        if not str(self.snapshot_id).isdigit():
            raise SnapshotMissing(f"snapshot_id {self.snapshot_id!r} of table {self.table} is no number.")
        return LakehouseHook(self.lakehouse_conn_id).rollback(self.table, int(self.snapshot_id), self.branch)
