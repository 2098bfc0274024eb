from pathlib import Path

import pytest

from local.lake import open_table


def test_a_table_that_the_provider_wrote_is_found_without_airflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    import pyarrow as pa

    from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook

    extra = {
        "catalog_type": "sql",
        "catalog_uri": f"sqlite:///{tmp_path}/catalog.db",
        "warehouse": f"file://{tmp_path}/warehouse",
        "staging": str(tmp_path / "staging"),
    }
    connection = {"conn_type": "shamal_lakehouse", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_LAKEHOUSE_DEFAULT", json.dumps(connection))
    rows = pa.table({"flight_id": ["UA1", "UA2"]})
    catalog = LakehouseHook().catalog
    catalog.create_namespace("flight_delays")
    catalog.create_table("flight_delays.flights", schema=rows.schema).append(rows)
    found = open_table({"SHAMAL_LAKE": str(tmp_path)}, "flight_delays.flights").scan().to_arrow()
    assert found["flight_id"].to_pylist() == ["UA1", "UA2"]
