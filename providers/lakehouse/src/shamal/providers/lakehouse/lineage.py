"""OpenLineage datasets of the lakehouse's tasks; called only when the openlineage provider is installed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook
from shamal.providers.lakehouse.source import resolve_source

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage


def stage_lineage(conn_id: str, source: str, files: Iterable[str], table: str) -> OperatorLineage[Any, Any]:
    """Return the source files as inputs and the table as output."""
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.openlineage.extractors import OperatorLineage

    folder = resolve_source(source)
    return OperatorLineage(
        inputs=[Dataset(namespace="file", name=str(folder / name)) for name in files],
        outputs=[Dataset(namespace=LakehouseHook(conn_id).settings.warehouse, name=table)],
    )


def publish_lineage(conn_id: str, table: str, branch: str) -> OperatorLineage[Any, Any]:
    """Return the table's branch as input and the table as output."""
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.openlineage.extractors import OperatorLineage

    warehouse = LakehouseHook(conn_id).settings.warehouse
    return OperatorLineage(
        inputs=[Dataset(namespace=warehouse, name=f"{table}@{branch}")],
        outputs=[Dataset(namespace=warehouse, name=table)],
    )
