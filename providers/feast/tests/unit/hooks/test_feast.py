import json

import pytest

from shamal.providers.feast.errors import InvalidConnection, UnknownProject
from shamal.providers.feast.hooks.feast import FeastHook


def test_a_connection_without_registry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_FEAST_DEFAULT", json.dumps({"conn_type": "shamal_feast", "extra": {"online_store": "x"}})
    )
    with pytest.raises(InvalidConnection, match="lacks 'registry'"):
        FeastHook().store("p")


def test_a_store_without_definitions_is_refused(feast_settings: dict[str, str]) -> None:
    with pytest.raises(UnknownProject, match="FeastApplyOperator"):
        FeastHook().store("p")
