"""Reconcile: every 30 s, registry, router and Triton are compared for every model; what differs is repaired."""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

EVERY = timedelta(seconds=30)


def dag(runbook: str, owner: str) -> DAG:
    """Return the DAG `reconcile`, one for all models.

    Its retries are close together: while one waits, the next run does too.

    :param runbook: shown in the web UI.
    :param owner: the team that looks at what it reports.
    """
    with DAG(
        dag_id="reconcile",
        description="Compares registry, router and Triton every 30 s and repairs what differs",
        doc_md=runbook,
        schedule=EVERY,
        catchup=False,
        max_active_runs=1,
        tags={"stage:reconcile"},
        default_args={
            "owner": owner,
            "retries": 5,
            "retry_delay": timedelta(seconds=5),
            "execution_timeout": timedelta(minutes=5),
        },
    ) as dag:

        @task
        def reconcile() -> list[dict[str, Any]]:
            from include.release.reconcile import reconcile
            from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
            from shamal.providers.triton.hooks.triton import TritonHook

            return reconcile(TritonHook(), MlflowRegistryHook())

        reconcile()
    return dag
