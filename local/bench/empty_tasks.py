"""How long Airflow needs for tasks that do nothing."""

from datetime import datetime
from statistics import median
from typing import Any

from local.airflow_api import AirflowApi
from local.bench.context import Bench, wait_for_dag
from local.bench.result import CannotMeasure, Value

DAG = "bench_empty_tasks"
RUNS = 3


def measure(bench: Bench) -> list[Value]:
    """Return the makespan of six empty tasks, one after another, on the warm stack.

    From the trigger to the end of the run, by Airflow's own clock; the median of three runs, after one that is not
    counted because it forks the workers.
    """
    api = bench.stack.api()
    warm_up(api)
    return [Value("six empty tasks", median(makespan(api, DAG) for _ in range(RUNS)), "s")]


def warm_up(api: AirflowApi) -> None:
    """Let the executor fork its workers: the first task of each pays for it."""
    wait_for_dag(api, DAG)
    makespan(api, DAG)


def makespan(api: AirflowApi, dag_id: str, timeout: float = 300) -> float:
    """Trigger a run and return its seconds from the trigger to the end.

    :raises CannotMeasure: it did not succeed.
    """
    run_id = api.trigger(dag_id, note="make bench")
    state = api.wait(dag_id, run_id, timeout)
    if state != "success":
        raise CannotMeasure(f"{dag_id} {run_id} on the test stack: {state}")
    run = api.run(dag_id, run_id)
    return (moment(run, "end_date") - moment(run, "queued_at")).total_seconds()


def moment(run: dict[str, Any], field: str) -> datetime:
    """Return a time of a run as Airflow's REST API gives it."""
    return datetime.fromisoformat(run[field])
