import json
from pathlib import Path

import pytest

from shamal.providers.great_expectations.errors import InvalidConnection, TableMissing
from shamal.providers.great_expectations.hooks.staged_table import StagedTableHook


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", json.dumps({"conn_type": "shamal_lakehouse"}))
    with pytest.raises(InvalidConnection, match="'lake' lacks catalog_type, catalog_uri, warehouse"):
        StagedTableHook("lake").columns("m.t")


def test_a_missing_table_is_named(lake: Path) -> None:
    with pytest.raises(TableMissing, match="'lakehouse_default' has no table"):
        StagedTableHook().columns("m.t")
