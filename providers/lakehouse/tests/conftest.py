"""A scratch lakehouse: Iceberg is a library, so that its catalog in a temporary folder is the real thing."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # lakehouse_contract.py


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a new lakehouse that `lakehouse_default` points to."""
    folder = tmp_path / "lake"
    extra = {
        "catalog_type": "sql",
        "catalog_uri": f"sqlite:///{folder}/catalog.db",
        "warehouse": f"file://{folder}/warehouse",
        "staging": str(folder / "staging"),
    }
    monkeypatch.setenv("AIRFLOW_CONN_LAKEHOUSE_DEFAULT", json.dumps({"conn_type": "shamal_lakehouse", "extra": extra}))
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", json.dumps({"conn_type": "spark", "host": "local[2]"}))
    return folder
