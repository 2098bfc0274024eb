"""A small Airflow of its own: four processes on free ports in a scratch folder."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).parent
AIRFLOW = [sys.executable, "-m", "airflow"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class SmallAirflow:
    """The REST API and the log folder of a running Airflow."""

    def __init__(self, home: Path, url: str) -> None:
        self.logs = home / "logs"
        self.client = httpx.Client(base_url=url, timeout=30)

    def log_in(self) -> None:
        answer = self.client.post("/auth/token", json={"username": "ada", "password": "lovelace"}).raise_for_status()
        self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def run(self, dag_id: str, run_id: str) -> str:
        """Trigger a DAG as the user `ada`, wait for its end, return the final state."""
        self.log_in()
        body = {"dag_run_id": run_id, "logical_date": None}
        until(lambda: self.client.get(f"/api/v2/dags/{dag_id}").status_code == 200, "the DAG is parsed")
        self.client.post(f"/api/v2/dags/{dag_id}/dagRuns", json=body).raise_for_status()
        done: list[str] = []

        def ended() -> bool:
            done[:] = [self.client.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}").json()["state"]]
            return done[0] in {"success", "failed"}

        until(ended, "the run has ended")
        return done[0]


def until(condition, what: str, seconds: float = 80) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise TimeoutError(f"not within {seconds} s: {what}")


@pytest.fixture(scope="module")
def small_airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallAirflow]:
    home = tmp_path_factory.mktemp("airflow")
    port = free_port()
    (home / "passwords.json").write_text(json.dumps({"ada": "lovelace"}))
    (home / "plugins").mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__CORE__DAGS_FOLDER": str(HERE / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "ada:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__SECRET_KEY": "only-for-this-test",
        "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-this-test-and-long-enough-to-sign-with-hs512-tokens-of-its-tasks",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "shamal.providers.governance.log_config.LOGGING_CONFIG",
        "AIRFLOW__GOVERNANCE__RESIDENCY_FILE": str(HERE / "residency.yaml"),
        "PYTHONPATH": str(HERE / "dags"),
        "SHAMAL_WARM_WORKERS": "false",
    }
    subprocess.run([*AIRFLOW, "db", "migrate"], env=environment, check=True, capture_output=True)
    processes = []
    try:
        for component in ("api-server", "scheduler", "dag-processor", "triggerer"):
            with (home / f"{component}.log").open("wb") as output:
                processes.append(
                    subprocess.Popen(
                        [*AIRFLOW, component], env=environment, stdout=output, stderr=output, start_new_session=True
                    )
                )
        airflow = SmallAirflow(home, f"http://127.0.0.1:{port}")
        until(lambda: airflow.client.get("/api/v2/monitor/health").status_code == 200, "the API server answers")
        yield airflow
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
