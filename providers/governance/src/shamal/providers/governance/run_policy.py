"""Cluster policy for runs: one that a person starts for impossible days is refused before it exists."""

from datetime import date
from typing import Any

from airflow import settings
from airflow.policies import hookimpl

from shamal.providers.governance import dag_tags
from shamal.providers.governance.errors import RunRefused

DAYS = ("start_date", "end_date")
# Airflow answers a ValueError with 400 where a person starts these; anywhere else it would break the caller.
_STARTED_BY_A_PERSON = ("manual", "asset_materialization")

# Airflow shows the hook a new run only after it found a file airflow_local_settings.py, not for an entry point alone.
settings.task_instance_mutation_hook.is_noop = False  # type: ignore[attr-defined]


@hookimpl
def task_instance_mutation_hook(task_instance: Any, dag_run: Any) -> None:
    """Refuse a new run of a model whose `end_date` is before its `start_date`; an ingest run needs both or neither.

    :raises RunRefused: nothing of the run was stored
    """
    if dag_run is None:  # Airflow calls once more, with the run
        return
    _keep_trace(task_instance, dag_run)
    if _is_new(dag_run) and any(dag_run.conf.get(name) for name in DAYS) and (broken := _broken(dag_run)):
        raise RunRefused(f"No run of {dag_run.dag_id} was started: {broken}, then trigger it again")


def _is_new(dag_run: Any) -> bool:
    return bool(dag_run.conf) and dag_run.state == "queued" and dag_run.run_type in _STARTED_BY_A_PERSON


def _broken(dag_run: Any) -> str:
    """Return which rule the days of a model's run break and what to do, or nothing."""
    tags = dag_run.dag.tags
    if not dag_tags.values(tags, "model"):
        return ""
    params = dag_run.dag.params.dump() | dag_run.conf
    start, end = (params.get(name) or None for name in DAYS)
    if dag_tags.value(tags, "stage") == "ingest" and (start is None or end is None):
        return f"start_date is {start or 'empty'} and end_date is {end or 'empty'}; give both days, or neither"
    if _day(start) and _day(end) and _day(end) < _day(start):
        return f"end_date {end} is before start_date {start}; give the earlier day first"
    return ""


def _day(value: Any) -> str:
    """Return an ISO date as it is, and nothing for anything else: the param's own format judges that."""
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        return ""


def _keep_trace(task_instance: Any, dag_run: Any) -> None:
    """Give a new task instance its place in the run's trace, which Airflow leaves out where a hook sees the run."""
    from airflow._shared.observability.traces import new_task_run_carrier

    if task_instance.context_carrier is None:
        task_instance.context_carrier = new_task_run_carrier(dag_run.context_carrier)  # type: ignore[no-untyped-call]
