"""Keeps Airflow's unit-test files out of the checkout, and starts the test stack once for integration tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import settings as stack_settings
from local.supervisor import Supervisor

# The overlay local/env.<name> whose stack the tests use; never the user's own stack.
ENVIRONMENT = os.environ.get("SHAMAL_ENV") or "test"
ROOT = Path(__file__).resolve().parent
SCRATCH = ROOT / ".shamal" / "pytest"

# Set before anything imports Airflow: it writes its files in .shamal and asks no server for a setting.
os.environ |= {
    name: value
    for name, value in stack_settings.load("").items()
    if not name.startswith(("SHAMAL_", "AIRFLOW")) and name not in {"PYTHONPATH", "TMPDIR"}
}
os.environ |= {
    "AIRFLOW_HOME": str(SCRATCH),
    "AIRFLOW_CONFIG": str(SCRATCH / "airflow.cfg"),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{SCRATCH}/airflow.db",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
    "AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE": "False",
    "AIRFLOW__GOVERNANCE__RESIDENCY_FILE": str(ROOT / "config" / "residency.yaml"),
}


@dataclass(frozen=True)
class Stack:
    """The running test stack.

    :param settings: its settings (local/env with local/env.test laid over).
    """

    settings: dict[str, str]
    environment: str = ENVIRONMENT
    """The overlay's name, for processes that read the settings themselves."""

    def connection(self, conn_id: str) -> dict[str, Any]:
        """Return an Airflow connection as OpenBao keeps it, with its credentials."""
        from local.vault import Vault

        return Vault(self.settings, "airflow").require(f"airflow/connections/{conn_id}")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run ``python -m local <command>`` on the test stack and return its result."""
        environment = os.environ | {"SHAMAL_ENV": self.environment}
        return subprocess.run(
            [sys.executable, "-m", "local", command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Start the whole test stack once; one that ran before, or with SHAMAL_KEEP_STACK=1, runs on at the end."""
    running = Stack(stack_settings.load(ENVIRONMENT))
    keep = os.environ.get("SHAMAL_KEEP_STACK") == "1" or Supervisor(running.settings).pid() is not None
    result = running.run("up")
    if result.returncode != 0:
        pytest.fail(f"The test stack did not start.\n{result.stdout}\n{result.stderr}", pytrace=False)
    yield running
    if not keep:
        running.run("down")


@pytest.fixture(scope="session")
def airflow_connections(stack: Stack) -> Iterator[dict[str, dict[str, Any]]]:
    """Let hooks find every connection of the stack, through AIRFLOW_CONN_<ID>; return them by id."""
    from local.seed import declared

    ids = [entry["conn_id"] for entry in declared(stack.settings)["connections"]]
    connections = {conn_id: stack.connection(conn_id) for conn_id in ids}
    with pytest.MonkeyPatch.context() as patch:
        for conn_id, values in connections.items():
            patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(values))
        yield connections
