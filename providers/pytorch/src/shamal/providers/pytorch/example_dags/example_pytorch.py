"""Trains one model in a pod, and deletes the pods of trainings that ended two days ago."""

from airflow.sdk import DAG

from shamal.providers.pytorch.operators.reap import ReapOrphanPodsOperator
from shamal.providers.pytorch.operators.train import TorchTrainOperator

with DAG("example_pytorch", schedule=None, catchup=False, tags=["example"]):
    TorchTrainOperator(
        task_id="train",
        model_file="/models/flights/train.py",
        training_set="/data/training_set",
        output="/data/runs/{{ run_id | replace(':', '-') }}",
        config={"task": "binary_classification", "epochs": 5},
        compute={"image": "shamal/train:0.1.0", "cpu": 1, "memory": "2Gi", "gpu": 0},
    )
    ReapOrphanPodsOperator(task_id="reap", keep_hours=48)
