"""Trainings long enough to be disturbed; the slow proofs start them, nothing else does."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from include.compute import compute_profile
from include.model_spec import load_model
from shamal.providers.pytorch.operators.train import TorchTrainOperator

MODEL = load_model("flight_delays")

# An epoch takes a second or more: one training to be killed in the middle, and one that outlasts two minutes of outage.
for name, epochs in (("short_training", 20), ("slow_training", 110)):
    with DAG(
        name,
        schedule=None,
        params={"training_set": Param("", type="string"), "output": Param("", type="string")},
        default_args={"owner": "tests", "retries": 5, "retry_delay": timedelta(seconds=5)},
    ):
        TorchTrainOperator(
            task_id="train",
            model_file="tests/paced_model.py",
            training_set="{{ params.training_set }}",
            output="{{ params.output }}",
            config=MODEL.training.config | {"epochs": epochs},
            compute=compute_profile("small"),
            execution_timeout=timedelta(minutes=20),
        )
