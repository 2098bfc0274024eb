"""From a training output to a champion.

Runs by hand, with the two folders that training made as Params. When `judge` fails, its log holds the table of
verdicts and the MLflow run; nothing was registered.
"""

import datetime

from airflow.sdk import DAG, Param

from shamal.providers.mlflow.operators.evaluate import EvaluateModelOperator
from shamal.providers.mlflow.operators.registry import (
    FetchModelOperator,
    PromoteModelOperator,
    RegisterModelOperator,
    RollbackModelOperator,
)

DEFAULTS = {"owner": "ml-platform", "retries": 5, "retry_delay": datetime.timedelta(seconds=30)}

with DAG(
    dag_id="example_mlflow",
    schedule=None,
    catchup=False,
    doc_md=__doc__,
    tags=["example"],
    default_args=DEFAULTS,
    params={
        "training_output": Param("/data/training_output", type="string"),
        "training_set": Param("/data/training_set", type="string"),
        "champion": Param(None, type=["integer", "null"], description="Version that is champion now"),
    },
) as dag:
    # [START example]
    judge = EvaluateModelOperator(
        task_id="judge",
        model="flight_delays",
        training_output="{{ params.training_output }}",
        training_set="{{ params.training_set }}",
        task="binary_classification",
        gates={"min_roc_auc": 0.6, "min_margin_over_baseline": 0.005, "max_latency_p99_ms": 20, "robust": True},
    )
    register = RegisterModelOperator(
        task_id="register",
        model="flight_delays",
        run_id="{{ ti.xcom_pull(task_ids='judge')['run_id'] }}",
    )
    fetch = FetchModelOperator(task_id="fetch", model="flight_delays", destination="/tmp/models")  # noqa: S108
    promote = PromoteModelOperator(
        task_id="promote",
        model="flight_delays",
        version="{{ ti.xcom_pull(task_ids='register')['version'] }}",
        expected_version="{{ params.champion }}",
    )
    judge >> register >> fetch >> promote
    # [END example]

with DAG(
    dag_id="example_mlflow_rollback",
    schedule=None,
    catchup=False,
    doc_md="Gives the alias `champion` back to the version that had it before. Runs by hand.",
    tags=["example"],
    default_args=DEFAULTS,
):
    RollbackModelOperator(task_id="rollback", model="flight_delays")
