"""Ingestion under repetition and kills: the same days give the same rows, and readers never see a mix."""

import hashlib
from typing import Any

import psutil
import pytest

from local.airflow_api import AirflowApi
from local.lake import open_table
from tests.support import finished, task, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

DAG = "flight_delays_ingest"
DAYS = {"start_date": "2013-02-01", "end_date": "2013-02-03"}


def content(settings: dict[str, str]) -> tuple[int, str, int]:
    """Return row count, digest and snapshot of the published table, read as any client would."""
    table = open_table(settings, "flight_delays.flights")
    rows = table.scan().to_arrow().sort_by("flight_id")
    digest = hashlib.sha256("\n".join(map(str, rows.to_pylist())).encode()).hexdigest()
    return rows.num_rows, digest, table.current_snapshot().snapshot_id


def ingest(api: AirflowApi) -> str:
    run_id = api.trigger(DAG, DAYS)
    assert finished(api, DAG, run_id, 400) == "success"
    return run_id


def test_the_same_interval_three_times_leaves_the_same_rows(stack: Any, engineer: AirflowApi) -> None:
    seen = []
    for _ in range(3):
        ingest(engineer)
        seen.append(content(stack.settings)[:2])
    assert seen[0][0] > 1000
    assert len(set(seen)) == 1


def test_killing_the_ingest_in_the_middle_leaves_the_old_snapshot_readable(stack: Any, engineer: AirflowApi) -> None:
    ingest(engineer)
    before = content(stack.settings)
    run_id = engineer.trigger(DAG, DAYS)
    running = until(
        "stage runs",
        lambda: (entry := task(engineer, DAG, run_id, "stage"))["state"] == "running" and entry,
        200,
    )
    kill_task(running["id"])
    assert content(stack.settings) == before
    assert finished(engineer, DAG, run_id, 400) == "success"
    assert task(engineer, DAG, run_id, "stage")["try_number"] == 2
    assert content(stack.settings)[:2] == before[:2]


def kill_task(task_instance_id: str) -> None:
    """Kill the process of a task instance, and what it started, with SIGKILL."""
    # Airflow calls the task running a moment before its process has its name.
    process = until("the task has its process", lambda: process_of(task_instance_id), 10)
    for victim in [process, *process.children(recursive=True)]:
        victim.kill()


def process_of(task_instance_id: str) -> psutil.Process | None:
    # The executor's worker above it shows the id too, and would take its supervision of the task along.
    title = f"airflow worker -- {task_instance_id}"
    return next(
        (each for each in psutil.process_iter(["cmdline"]) if title == " ".join(each.info["cmdline"] or []).strip()),
        None,
    )
