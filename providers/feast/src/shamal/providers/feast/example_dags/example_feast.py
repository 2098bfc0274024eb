"""Apply a model's feature definitions, materialise a day, and build its training set."""

from datetime import datetime

from airflow.sdk import DAG

from shamal.providers.feast.operators.feast import (
    FeastApplyOperator,
    FeastMaterializeOperator,
    FeastTrainingSetOperator,
)

with DAG(
    dag_id="example_feast",
    schedule=None,
    start_date=datetime(2013, 1, 1),
    tags=["example"],
    doc_md=__doc__,
):
    apply = FeastApplyOperator(
        task_id="apply", definitions="include/models/flight_delays/features.py", project="flight_delays"
    )
    materialize = FeastMaterializeOperator(
        task_id="materialize", project="flight_delays", start="2013-09-01", end="2013-09-02"
    )
    training_set = FeastTrainingSetOperator(
        task_id="training_set",
        project="flight_delays",
        entity_table="flight_delays.features",
        keys=["flight_id"],
        label="late",
        feature_service="flight_delays",
        categorical={"carrier": 17},
        start="2013-06-01",
        split="2013-08-15",
        end="2013-09-01",
        output="/tmp/flight_delays/{{ run_id }}",  # noqa: S108 - an example
    )
    apply >> materialize >> training_set
