"""A scratch lake, found through the connection lakehouse_default."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the catalog of an empty lake with the namespace of flight_delays."""
    from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook

    extra = {
        "catalog_type": "sql",
        "catalog_uri": f"sqlite:///{tmp_path}/catalog.db",
        "warehouse": f"file://{tmp_path}/warehouse",
        "staging": str(tmp_path / "staging"),
    }
    connection = {"conn_type": "shamal_lakehouse", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_LAKEHOUSE_DEFAULT", json.dumps(connection))
    catalog = LakehouseHook().catalog
    catalog.create_namespace("flight_delays")
    return catalog
