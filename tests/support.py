"""What end-to-end tests and slow proofs share: waiting for things to happen in Airflow."""

import time
from collections.abc import Callable
from typing import Any

import requests

from local.airflow_api import FINISHED, AirflowApi


def until(what: str, condition: Callable[[], Any], seconds: float) -> Any:
    """Return the condition's first true value; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.25)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def task(api: AirflowApi, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
    """Return one task instance of a run."""
    return next(entry for entry in api.tasks(dag_id, run_id) if entry["task_id"] == task_id)


def finished(api: AirflowApi, dag_id: str, run_id: str, seconds: float) -> str:
    """Return the final state of a run, through outages of the API server."""

    def state() -> str | None:
        try:
            now: str = api.run(dag_id, run_id)["state"]
        except requests.RequestException:
            return None
        return now if now in FINISHED else None

    return str(until(f"{dag_id} {run_id} finished", state, seconds))


def started_by(api: AirflowApi, dag_id: str, source_run_id: str) -> str:
    """Return the run that an Asset event of another run started."""
    return str(until(f"{source_run_id} started {dag_id}", lambda: api.run_started_by(dag_id, source_run_id), 60))


def trained(api: AirflowApi, model: str, ingest_run_id: str, window: dict[str, str], seconds: float = 600) -> str:
    """Return the run of `<model>_train` that registered a version after an ingest.

    Within the cool-down of an earlier test's training the features start nothing: a person starts it then.
    """
    dag_id = f"{model}_train"
    run_id = started_by(api, dag_id, ingest_run_id)
    finished(api, dag_id, run_id, seconds)
    if task(api, dag_id, run_id, "register")["state"] != "success":
        run_id = api.trigger(dag_id, window)
        assert finished(api, dag_id, run_id, seconds) == "success"
    return run_id
