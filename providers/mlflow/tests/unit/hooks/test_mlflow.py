import json
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow.errors import InvalidConnection, MlflowDenied, MlflowUnavailable
from shamal.providers.mlflow.hooks.mlflow import MlflowHook
from shamal.providers.mlflow.testing import FakeMlflow


@pytest.mark.parametrize(
    "changed",
    [{"host": "127.0.0.1"}, {"host": "http://a:canary@b"}, {"login": None}, {"password": None}],
    ids=["no scheme", "credentials in the address", "no login", "no password"],
)
def test_an_incomplete_connection_is_refused(monkeypatch: Any, changed: dict[str, Any]) -> None:
    good = {"conn_type": "shamal_mlflow", "host": "http://127.0.0.1", "port": 1, "login": "a", "password": "b"}
    monkeypatch.setenv("AIRFLOW_CONN_MLFLOW_ODD", json.dumps(good | changed))
    with pytest.raises(InvalidConnection, match="mlflow_odd") as refused:
        MlflowHook("mlflow_odd").get_conn()
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "error"), [("UNAUTHENTICATED", MlflowDenied), ("TEMPORARILY_UNAVAILABLE", MlflowUnavailable)]
)
def test_failures_name_the_connection(tmp_path: Path, code: str, error: type[Exception]) -> None:
    from mlflow.exceptions import RestException

    with pytest.raises(error, match=r"memory .connection 'fake_mlflow'"), FakeMlflow(tmp_path).calls():
        raise RestException({"error_code": code, "message": "x"})
