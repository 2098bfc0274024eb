"""Ingest: source → Spark → Iceberg branch `staged` → contract → quarantine → publish → feature store.

The interval's rows are replaced in one commit: readers see the old rows or the new ones, never a mix. Rows that
break a row rule go to the quarantine table with the rules they broke; too many of them, or a broken table rule,
publish nothing. Running the same days again leaves the same rows.
"""

from typing import Any

from airflow.sdk import DAG, task

from include import assets
from include.model_spec import ModelSpec
from include.stages.conventions import dag_arguments, day_param
from include.stages.interval import ingest_interval
from shamal.providers.feast.operators.feast import FeastApplyOperator, FeastMaterializeOperator
from shamal.providers.great_expectations.operators.validate import ValidateTableOperator
from shamal.providers.lakehouse.operators.publish import PublishTableOperator
from shamal.providers.lakehouse.operators.stage import SparkStageOperator

START = "{{ ti.xcom_pull('interval')['start'] }}"
END = "{{ ti.xcom_pull('interval')['end'] }}"


def dag(model: ModelSpec) -> DAG:
    """Return the DAG `<model>_ingest`: by its schedule, or by hand with a first and a last day."""
    features = assets.features(model.name)
    source = model.source
    days = f"The source has {source.first_day} to {source.last_day}."
    params = {
        "start_date": day_param("First day", f"First day to ingest. {days} Empty: the scheduled month."),
        "end_date": day_param("Last day", f"Last day to ingest, included. {days} Empty: the scheduled month."),
    }
    with DAG(schedule=source.schedule, params=params, **dag_arguments(model, "ingest", __doc__ or "")) as dag:

        @task
        def interval(params: Any = None, dag_run: Any = None) -> dict[str, str]:
            return ingest_interval(source, params["start_date"], params["end_date"], dag_run.run_after)

        stage = SparkStageOperator(
            task_id="stage",
            application=str(model.folder / "ingest.py"),
            source=source.location,
            source_sha256=source.files,
            start=START,
            end=END,
            table=model.published_table,
            pool="spark",
        )
        validate = ValidateTableOperator(
            task_id="validate",
            table=model.published_table,
            start=START,
            end=END,
            expectations=str(model.folder / model.contract.expectations),
            quarantine_table=model.quarantine_table,
            max_quarantined=model.contract.max_quarantined,
            min_rows=model.contract.min_rows,
        )
        publish = PublishTableOperator(task_id="publish", table=model.published_table)
        apply = FeastApplyOperator(
            task_id="apply_features", definitions=str(model.folder / "features.py"), project=model.name
        )
        materialize = FeastMaterializeOperator(
            task_id="materialize_features",
            project=model.name,
            start=START,
            end=END,
            outlets=[features],
            post_execute=assets.carries(features),
        )
        interval() >> stage >> validate >> publish >> apply >> materialize
    return dag
