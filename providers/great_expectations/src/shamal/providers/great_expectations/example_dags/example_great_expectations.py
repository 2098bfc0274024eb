"""Example: check January's staged rows against a contract.

What happens when it fails: the error lists each broken rule; bad rows are in the quarantine table, readers see no
change.
"""

from datetime import timedelta

from airflow.sdk import DAG

from shamal.providers.great_expectations.operators.validate import ValidateTableOperator

with DAG(
    "example_great_expectations",
    schedule=None,
    doc_md=__doc__,
    default_args={"owner": "data-platform", "retries": 5, "retry_delay": timedelta(seconds=30)},
    tags=["example"],
):
    ValidateTableOperator(
        task_id="validate",
        table="flight_delays.flights",
        start="2013-01-01",
        end="2013-02-01",
        expectations="include/models/flight_delays/expectations.yaml",
        quarantine_table="flight_delays.quarantine",
        max_quarantined=0.02,
        min_rows=1000,
    )
