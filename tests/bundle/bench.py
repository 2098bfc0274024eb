"""DAGs that only the test stack serves (local/env.test), for `make bench`."""

import importlib

from airflow.sdk import DAG, chain, task

IMPORTS = ("great_expectations", "feast", "mlflow", "evidently.presets")

with DAG("bench_empty_tasks", schedule=None, tags={"bench"}):

    @task
    def nothing() -> None:
        """Do nothing."""

    chain(*(nothing.override(task_id=f"empty_{number}")() for number in range(1, 7)))

with DAG("bench_imports", schedule=None, tags={"bench"}):

    @task
    def heavy_import(name: str) -> None:
        """Import what real tasks of ours import."""
        importlib.import_module(name)

    for module in IMPORTS:
        heavy_import.override(task_id=f"import_{module.partition('.')[0]}")(module)
