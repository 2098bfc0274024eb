"""Training survives the loss of its pod and of Airflow's API server."""

import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.airflow_api import AirflowApi
from tests.support import finished, task, trained, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1500)]

OUTAGE_SECONDS = 120


@pytest.fixture(scope="module")
def training_set(stack: Any, engineer: AirflowApi) -> str:
    """Publish January to March and return the training set that the model's own train DAG makes of them."""
    days = {"start_date": "2013-01-01", "end_date": "2013-03-31"}
    ingest = engineer.trigger("flight_delays_ingest", days)
    assert finished(engineer, "flight_delays_ingest", ingest, 600) == "success"
    window = {"start_date": "2013-01-01", "evaluation_date": "2013-03-01", "end_date": "2013-03-31"}
    train = trained(engineer, "flight_delays", ingest, window)
    return str(engineer.xcom("flight_delays_train", train, "training_set")["uri"])


def start(api: AirflowApi, dag_id: str, training_set: str, output: Path) -> str:
    return api.trigger(dag_id, {"training_set": training_set, "output": str(output)})


def pod_process(output: Path) -> psutil.Process | None:
    """Return the training process in the pod that writes to `output`."""
    for process in psutil.process_iter(["cmdline"]):
        arguments = process.info["cmdline"] or []
        if "shamal.providers.pytorch.train" in arguments and f"--output={output}" in arguments:
            return process
    return None


def test_a_killed_pod_is_retried_from_its_last_checkpoint(
    engineer: AirflowApi, training_set: str, tmp_path: Path
) -> None:
    run_id = start(engineer, "short_training", training_set, tmp_path)
    until("a checkpoint was written", lambda: list(tmp_path.glob("checkpoints/*")), 300)
    process = pod_process(tmp_path)
    assert process is not None
    process.kill()
    assert finished(engineer, "short_training", run_id, 600) == "success"
    assert task(engineer, "short_training", run_id, "train")["try_number"] == 2
    lines = " ".join(str(line) for line in engineer.log("short_training", run_id, "train", 2))
    assert "resuming" in lines.lower()


def test_training_outlives_an_api_server_that_is_away_for_two_minutes(
    engineer: AirflowApi, faults: Any, training_set: str, tmp_path: Path
) -> None:
    run_id = start(engineer, "slow_training", training_set, tmp_path)
    process = until("the pod runs", lambda: pod_process(tmp_path), 300)
    until("a checkpoint was written", lambda: list(tmp_path.glob("checkpoints/*")), 300)
    with faults.killed("api-server"):
        began = time.monotonic()
        while time.monotonic() - began < OUTAGE_SECONDS:
            assert process.is_running(), "the pod was killed with the API server away"
            time.sleep(2)
    assert finished(engineer, "slow_training", run_id, 900) == "success"
    assert task(engineer, "slow_training", run_id, "train")["try_number"] == 1
