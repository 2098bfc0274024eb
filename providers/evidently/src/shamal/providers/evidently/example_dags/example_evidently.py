"""A drift report each night.

Compares the night's predictions with the rows that the model was judged by. The task succeeds with every verdict;
when it fails, the message names the file, column or threshold to correct. A second run replaces the night's report.
"""

import datetime

from airflow.sdk import DAG

from shamal.providers.evidently.operators.drift import DriftReportOperator

with DAG(
    dag_id="example_evidently",
    schedule="30 2 * * *",
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    catchup=False,
    doc_md=__doc__,
    tags=["example"],
    default_args={"owner": "ml-platform", "retries": 5, "retry_delay": datetime.timedelta(seconds=30)},
) as dag:
    # [START example]
    DriftReportOperator(
        task_id="report",
        model="flight_delays",
        night="{{ ds }}",
        reference="/data/flight_delays/reference.parquet",
        current="/data/flight_delays/{{ ds }}.parquet",
        numerical=["distance", "wind_speed"],
        categorical=["carrier"],
        label="late",
        score="score",
        task="binary_classification",
        thresholds={"drifted_share": 0.5, "min_rows": 500},
        output="/data/flight_delays/reports",
    )
    # [END example]
