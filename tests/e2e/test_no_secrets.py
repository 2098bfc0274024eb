"""No credential of any server lies anywhere but in its own protected file, in any common encoding."""

import base64
import json
import stat
import urllib.parse
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.airflow_api import AirflowApi
from local.stack import process_ids
from local.vault import Vault

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

SENSITIVE = ("fernet_key", "jwt_secret", "api_secret_key")
# What each generated entry of OpenBao calls its credentials; the rest are names and addresses.
ENTRIES = ("servers/airflow", "servers/mlflow", "servers/pods", *(f"airflow/config/{key}" for key in SENSITIVE))
NAMES = {"username"}
PROTECTED = {"airflow/passwords.json", "pods/credentials/token"}


def credentials(settings: dict[str, str]) -> set[str]:
    """Return every credential that the stack made: of servers, users, Airflow's own keys, and the AppRoles."""
    vault = Vault(settings, "seed")
    found = {value for path in ENTRIES for name, value in vault.require(path).items() if name not in NAMES}
    for file in Path(settings["SHAMAL_OPENBAO_STATE"]).glob("*.approle.json"):
        found.add(json.loads(file.read_text())["secret_id"])
    return found


def encodings(value: str) -> set[bytes]:
    plain = value.encode()
    return {plain, base64.b64encode(plain), plain.hex().encode(), urllib.parse.quote(value, safe="").encode()}


def test_no_credential_lies_outside_its_protected_file(life: dict[str, Any], stack: Any) -> None:
    needles = {form for value in credentials(stack.settings) for form in encodings(value)}
    assert len(needles) >= 20, "the sweep looks for real credentials"
    hits, protected = [], []
    for file in Path(stack.settings["SHAMAL_STATE"]).rglob("*"):
        if not file.is_file() or file.is_symlink():
            continue
        content = file.read_bytes()
        if any(needle in content for needle in needles):
            ours = stat.S_IMODE(file.stat().st_mode) == 0o600 and file.relative_to(stack.settings["SHAMAL_STATE"])
            (protected if ours and _may_hold(str(ours)) else hits).append(str(file))
    assert not hits
    assert protected, "the sweep can see a credential where one must be"


def _may_hold(path: str) -> bool:
    return path in PROTECTED or (path.startswith("openbao/") and path.endswith(".approle.json"))


def test_no_credential_is_a_process_argument(life: dict[str, Any], stack: Any) -> None:
    values = credentials(stack.settings)
    for pid in process_ids(stack.settings):
        try:
            arguments = " ".join(psutil.Process(pid).cmdline())
        except psutil.NoSuchProcess:
            continue
        assert not [value for value in values if value in arguments], f"process {pid}"


def test_no_credential_is_in_xcom_or_rendered_fields(life: dict[str, Any], stack: Any, engineer: AirflowApi) -> None:
    values = credentials(stack.settings)
    for stage in ("ingest", "train", "release", "monitor"):
        dag_id = f"flight_delays_{stage}"
        for run in engineer.runs(dag_id):
            path = f"/dags/{dag_id}/dagRuns/{run['dag_run_id']}"
            text = json.dumps(engineer.tasks(dag_id, run["dag_run_id"]))
            text += json.dumps(engineer.call("GET", f"{path}/taskInstances/~/xcomEntries"))
            assert not [value for value in values if value in text], run["dag_run_id"]
