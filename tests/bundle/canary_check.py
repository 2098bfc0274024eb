"""A canary alone, for tests: the version is deployed and the requests are sent by the test."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from shamal.providers.triton.operators.canary import CanaryOperator

with DAG(
    "canary_check",
    schedule=None,
    params={"model": Param("", type="string"), "version": Param(2, type="integer")},
    default_args={"owner": "tests", "retries": 5, "retry_delay": timedelta(seconds=5)},
):
    CanaryOperator(
        task_id="canary",
        model="{{ params.model }}",
        version="{{ params.version }}",
        shadow_seconds=4,
        steps=[{"share": 0.2, "seconds": 8}, {"share": 0.5, "seconds": 8}],
        limits={"min_requests": 20, "max_error_rate": 0.2, "max_slow_rate": 0.4},
    )
