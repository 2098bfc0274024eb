"""A training that outlasts an outage of two minutes; the slow proofs start it, nothing else does."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from include.compute import compute_profile
from include.model_spec import load_model
from shamal.providers.pytorch.operators.train import TorchTrainOperator

MODEL = load_model("flight_delays")

with DAG(
    "slow_training",
    schedule=None,
    params={"training_set": Param("", type="string"), "output": Param("", type="string"), "epochs": Param(60)},
    default_args={"owner": "tests", "retries": 5, "retry_delay": timedelta(seconds=5)},
    render_template_as_native_obj=True,
):
    TorchTrainOperator(
        task_id="train",
        model_file="include/models/flight_delays/train.py",
        training_set="{{ params.training_set }}",
        output="{{ params.output }}",
        config=MODEL.training.config | {"epochs": "{{ params.epochs }}"},
        compute=compute_profile("small"),
        execution_timeout=timedelta(minutes=20),
    )
