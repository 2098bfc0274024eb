from datetime import timedelta
from typing import Any

import pytest

from include.release import reconcile as reconciling
from include.stages import reconcile

DAG: Any = reconcile.dag("a runbook", owner="operations")


def test_one_light_run_at_a_time_twice_a_minute() -> None:
    assert (DAG.schedule, DAG.catchup, DAG.max_active_runs) == (timedelta(seconds=30), False, 1)
    (task,) = DAG.tasks
    assert task.owner == "operations"
    assert task.retries * task.retry_delay < timedelta(minutes=1), "a task that waits holds up the next run"


def test_the_task_returns_the_findings_about_the_stacks_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def found(triton: Any, mlflow: Any) -> list[dict[str, str]]:
        asked.extend([triton.triton_conn_id, mlflow.mlflow_conn_id])
        return [{"model": "churn"}]

    monkeypatch.setattr(reconciling, "reconcile", found)
    assert DAG.get_task("reconcile").python_callable() == [{"model": "churn"}]
    assert asked == ["triton_default", "mlflow_default"]
