"""Shows readers of an Iceberg table what was staged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook
from shamal.providers.lakehouse.lineage import publish_lineage

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context


class PublishTableOperator(BaseOperator):
    """Shows readers the staged snapshot, in one metadata swap; publishing it again changes nothing.

    :param table: `<model>.<table>`. (templated)
    :param branch: Iceberg branch that holds the staged rows.
    :param lakehouse_conn_id: connection of type `shamal_lakehouse`.
    """

    template_fields: Sequence[str] = ("table",)

    def __init__(
        self, *, table: str, branch: str = "staged", lakehouse_conn_id: str = "lakehouse_default", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.branch = branch
        self.lakehouse_conn_id = lakehouse_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Return table, snapshot_id, previous_snapshot_id (None at first) and rows."""
        return LakehouseHook(self.lakehouse_conn_id).publish(self.table, self.branch)

    def get_openlineage_facets_on_complete(self, _: Any) -> OperatorLineage[Any, Any]:
        """Return the lineage event's datasets: the table's branch in, the table out."""
        return publish_lineage(self.lakehouse_conn_id, self.table, self.branch)
