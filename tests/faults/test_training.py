"""Training survives the loss of its pod and of Airflow's API server."""

import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.airflow_api import AirflowApi
from tests.support import finished, task, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1500)]

DAG = "flight_delays_train"
DAYS = {"start_date": "2013-01-01", "evaluation_date": "2013-03-01", "end_date": "2013-03-31"}
OUTAGE_SECONDS = 120


@pytest.fixture(scope="module", autouse=True)
def published(stack: Any, engineer: AirflowApi) -> None:
    """Publish what the trainings learn from."""
    run_id = engineer.trigger("flight_delays_ingest", {"start_date": "2013-01-01", "end_date": "2013-03-31"})
    assert finished(engineer, "flight_delays_ingest", run_id, 600) == "success"


def checkpoint(stack: Any, run_id: str) -> list[Path]:
    folder = run_id.replace(":", "").replace("+", "_")
    return list(Path(stack.settings["SHAMAL_ARTIFACTS"], "flight_delays", "train", folder).glob("model/checkpoints/*"))


def pod_process(stack: Any, run_id: str) -> psutil.Process | None:
    """Return the process in the training pod of a run."""
    folder = run_id.replace(":", "").replace("+", "_")
    for process in psutil.process_iter(["cmdline"]):
        arguments = process.info["cmdline"] or []
        if "shamal.providers.pytorch.train" in arguments and any(folder in argument for argument in arguments):
            return process
    return None


def test_a_killed_pod_is_retried_from_its_last_checkpoint(stack: Any, engineer: AirflowApi) -> None:
    run_id = engineer.trigger(DAG, DAYS)
    until("a checkpoint was written", lambda: checkpoint(stack, run_id), 400)
    process = pod_process(stack, run_id)
    assert process is not None
    process.kill()
    assert finished(engineer, DAG, run_id, 900) == "success"
    trained = task(engineer, DAG, run_id, "train")
    assert trained["try_number"] == 2
    lines = " ".join(str(line) for line in engineer.log(DAG, run_id, "train", 2))
    assert "resum" in lines.lower()


def test_training_outlives_an_api_server_that_is_away_for_two_minutes(
    stack: Any, engineer: AirflowApi, faults: Any
) -> None:
    run_id = engineer.trigger(DAG, DAYS)
    process = until("the pod runs", lambda: pod_process(stack, run_id), 400)
    with faults.killed("api-server"):
        began = time.monotonic()
        while time.monotonic() - began < OUTAGE_SECONDS:
            finished_by_itself = checkpoint(stack, run_id) and not process.is_running()
            assert process.is_running() or finished_by_itself
            time.sleep(5)
    assert finished(engineer, DAG, run_id, 900) == "success"
    assert task(engineer, DAG, run_id, "train")["try_number"] == 1
