"""Reads the stack's lake as any Iceberg client would, without Airflow."""

from typing import TYPE_CHECKING

from local.settings import Settings

if TYPE_CHECKING:
    from pyiceberg.table import Table

# An SQL catalog keeps its tables under the name of the catalog: the providers use this one.
CATALOG = "lakehouse"


def open_table(settings: Settings, name: str) -> "Table":
    """Return a published table.

    :param name: `<model>.<table>`.
    """
    from pyiceberg.catalog import load_catalog

    lake = settings["SHAMAL_LAKE"]
    catalog = load_catalog(
        CATALOG, type="sql", uri=f"sqlite:///{lake}/catalog.db", warehouse=f"file://{lake}/warehouse"
    )
    return catalog.load_table(name)
