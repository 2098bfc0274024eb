import json
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection

from shamal.providers.lakehouse.connection import LakehouseSettings
from shamal.providers.lakehouse.errors import InvalidConnection

EXTRA = {"catalog_type": "rest", "catalog_uri": "http://127.0.0.1:1", "warehouse": "w", "staging": "/s"}


def settings(extra: dict[str, Any], **parts: str) -> LakehouseSettings:
    connection = Connection(conn_id="lake", conn_type="shamal_lakehouse", extra=json.dumps(extra), **parts)
    return LakehouseSettings.from_connection(connection)


def test_a_missing_or_wrong_key_is_named() -> None:
    with pytest.raises(InvalidConnection, match="'lake' lacks warehouse, staging"):
        settings({key: EXTRA[key] for key in ("catalog_type", "catalog_uri")})
    with pytest.raises(InvalidConnection, match="catalog_type 'hive'; allowed are sql, rest"):
        settings(EXTRA | {"catalog_type": "hive"})


def test_credentials_of_a_rest_catalog() -> None:
    assert settings(EXTRA, password="secret-token").catalog_properties["token"] == "secret-token"
    assert settings(EXTRA, login="id", password="secret").catalog_properties["credential"] == "id:secret"
    assert settings(EXTRA | {"io-impl": "evil.IO"}).catalog_properties.keys() == {"type", "uri", "warehouse"}


def test_the_folder_of_an_sqlite_catalog_is_made(tmp_path: Path) -> None:
    sql = {"catalog_type": "sql", "catalog_uri": f"sqlite:///{tmp_path}/new/catalog.db"}
    settings(EXTRA | sql).make_folders()
    assert (tmp_path / "new").is_dir()
