"""A DAG of a model that satisfies every cluster policy."""

from datetime import timedelta

from airflow.sdk import dag, task


@dag(
    schedule=None,
    tags=["model:churn", "classification:confidential", "residency:AE"],
    default_args={"owner": "risk", "retries": 1, "execution_timeout": timedelta(minutes=5)},
    doc_md=__doc__,
)
def example_governance() -> None:
    """Print one line, which the task's log shows with its tags."""

    @task
    def speak() -> None:
        print("tagged like every other line")

    speak()


example_governance()
