"""Seeding: credentials, connections and variables go to OpenBao. Running it again changes nothing."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

import yaml

from local.servers import SERVERS
from local.settings import HOME, Settings
from local.vault import Vault

DECLARED = HOME / "airflow_settings.yaml"
# Astro's names of a connection's fields, and Airflow's.
FIELDS = {
    "conn_type": "conn_type",
    "conn_host": "host",
    "conn_schema": "schema",
    "conn_login": "login",
    "conn_password": "password",
    "conn_port": "port",
    "conn_extra": "extra",
}


def declared(settings: Settings, path: Path = DECLARED) -> dict[str, Any]:
    """Return the declared connections, variables and pools with the settings filled in.

    :param settings: replace ``${NAME}`` in every string; an unknown name is an error.
    :param path: a file in the format of ``airflow_settings.yaml``.
    """
    content: dict[str, Any] = _fill(yaml.safe_load(path.read_text())["airflow"], settings)
    return content


def connection(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a declared connection as Airflow's connection JSON, without empty fields."""
    return {FIELDS[field]: value for field, value in entry.items() if field in FIELDS and value not in (None, "")}


def seed(settings: Settings) -> None:
    """Write every credential, connection and variable of the stack to OpenBao, each only where it differs."""
    vault = Vault(settings, "seed")
    vault.configure()
    content = declared(settings)
    connections = {entry["conn_id"]: connection(entry) for entry in content["connections"]}
    for server in SERVERS:
        for conn_id, values in server.seed(settings, vault).items():
            extra = connections[conn_id].get("extra", {}) | values.get("extra", {})
            connections[conn_id] |= values | ({"extra": extra} if extra else {})
    for conn_id, values in connections.items():
        vault.write(f"airflow/connections/{conn_id}", values)
    for entry in content["variables"]:
        vault.write(f"airflow/variables/{entry['variable_name']}", {"value": entry["variable_value"]})


def pools(settings: Settings) -> list[dict[str, Any]]:
    """Return the declared pools as Airflow's REST API takes them."""
    return [
        {
            "name": entry["pool_name"],
            "slots": entry["pool_slot"],
            "description": entry["pool_description"],
            "include_deferred": entry.get("include_deferred", False),
        }
        for entry in declared(settings)["pools"]
    ]


def _fill(value: Any, settings: Settings) -> Any:
    match value:
        case str():
            filled = Template(value).substitute(settings)
            # Ports are numbers in Airflow's connections.
            return int(filled) if filled != value and filled.isdigit() else filled
        case list():
            return [_fill(item, settings) for item in value]
        case dict():
            return {key: _fill(item, settings) for key, item in value.items()}
        case _:
            return value
