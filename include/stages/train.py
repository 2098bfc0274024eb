"""Train: point-in-time training set → pod (PyTorch → ONNX) → gates → registered as candidate.

Starts when features were published, by its schedule, or when the monitor found drift. New features and the schedule
do nothing within the cool-down of the last training, and nothing is trained twice on the same training set; drift is
already damped by the monitor, and a person who presses Trigger means it. The newest `evaluation_days` are kept from
the model and judge it. A gate that says no ends the run: no version is registered.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, chain, task

from include import assets
from include.compute import compute_profile
from include.model_spec import ModelSpec
from include.stages.conventions import artifacts, dag_arguments, day_param
from shamal.providers.feast.operators.feast import FeastTrainingSetOperator
from shamal.providers.mlflow.operators.evaluate import EvaluateModelOperator
from shamal.providers.mlflow.operators.registry import RegisterModelOperator
from shamal.providers.pytorch.operators.train import TorchTrainOperator

PARAMS = {
    "start_date": day_param("Learn from", "First day to learn from. Empty: `history_days` before the evaluation."),
    "evaluation_date": day_param("Evaluate from", "First day kept for evaluation. Empty: the newest days."),
    "end_date": day_param("Evaluate to", "Last day kept for evaluation, included. Empty: the newest day."),
}


def dag(model: ModelSpec) -> DAG:
    """Return the DAG `<model>_train`."""
    model.check_gates()
    features, drift, candidate = (asset(model.name) for asset in (assets.features, assets.drift, assets.candidate))
    schedule = AssetOrTimeSchedule(
        timetable=CronTriggerTimetable(model.training.schedule, timezone="UTC"), assets=features | drift
    )
    output = artifacts(model, "train")
    training_set = f"{output}/training_set"
    with DAG(schedule=schedule, params=PARAMS, **dag_arguments(model, "train", __doc__ or "")) as dag:

        @task.short_circuit(inlets=[candidate])
        def due(dag_run: Any = None, triggering_asset_events: Any = None, asset_state_store: Any = None) -> bool:
            """Let people and drift pass; hold the rest back during the cool-down."""
            # Not `in`: Airflow's mapping of events has an empty list for every other asset.
            if triggering_asset_events[drift] or dag_run.run_type == "manual":
                return True
            trained_at = asset_state_store[candidate].get("trained_at")
            cooldown = timedelta(hours=model.training.cooldown_hours)
            return trained_at is None or datetime.now(UTC) - datetime.fromisoformat(trained_at) >= cooldown

        @task
        def window(params: Any = None) -> dict[str, str]:
            from include.training_window import training_window

            return training_window(model, params["start_date"], params["evaluation_date"], params["end_date"])

        build_set = FeastTrainingSetOperator(
            task_id="training_set",
            project=model.name,
            entity_table=model.published_table,
            keys=model.features.keys,
            label=model.label,
            feature_service=model.features.service,
            categorical=model.features.categorical,
            start="{{ ti.xcom_pull('window')['start'] }}",
            split="{{ ti.xcom_pull('window')['split'] }}",
            end="{{ ti.xcom_pull('window')['end'] }}",
            output=training_set,
        )

        @task.short_circuit(inlets=[candidate])
        def unseen(dag_run: Any = None, asset_state_store: Any = None, ti: Any = None) -> bool:
            """Stop where the last candidate came from this very training set and no person asked."""
            digest = ti.xcom_pull("training_set")["digest"]
            return bool(dag_run.run_type == "manual" or asset_state_store[candidate].get("digest") != digest)

        train = TorchTrainOperator(
            task_id="train",
            model_file=f"include/models/{model.name}/train.py",
            training_set=training_set,
            output=f"{output}/model",
            config=model.training.config,
            compute=compute_profile(model.training.compute),
            pool="training",
            execution_timeout=timedelta(hours=12),
        )
        evaluate = EvaluateModelOperator(
            task_id="evaluate",
            model=model.name,
            training_output=f"{output}/model",
            training_set=training_set,
            task=model.task,
            gates=model.gates.definition(),
            approvers=model.approvers,
            tags={"classification": model.classification, "residency": model.residency, "owner": model.owner},
        )
        register = RegisterModelOperator(
            task_id="register",
            model=model.name,
            run_id="{{ ti.xcom_pull('evaluate')['run_id'] }}",
            outlets=[candidate],
            post_execute=assets.carries(candidate),
        )

        @task(inlets=[candidate])
        def remember(asset_state_store: Any = None, ti: Any = None) -> None:
            """Note what was trained on and when, for the cool-down and for `unseen`."""
            asset_state_store[candidate].set("digest", ti.xcom_pull("training_set")["digest"])
            asset_state_store[candidate].set("trained_at", datetime.now(UTC).isoformat())

        chain(due(), window(), build_set, unseen(), train, evaluate, register, remember())
    return dag
