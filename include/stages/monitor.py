"""Monitor: prediction log + late labels → drift, quality → one report per night → drift Asset.

Runs by time only. Takes the predictions whose event lies in the `window_days` before the night, joins the labels
that have arrived meanwhile, and compares them with what the champion learned from. The verdict is `ok`, `drift` or
`insufficient_data`. Drift is announced once per champion and window; that starts train. A second run for the same
night replaces the night's report and announces nothing new.
"""

from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Metadata, chain, task
from airflow.sdk.exceptions import AirflowSkipException

from include import assets
from include.model_spec import ModelSpec
from include.stages.conventions import artifacts, dag_arguments, day_param
from include.stages.interval import watched_night
from shamal.providers.evidently.operators.drift import DriftReportOperator
from shamal.providers.lakehouse.operators.load_files import LoadFilesOperator
from shamal.providers.mlflow.operators.registry import FetchModelOperator

PARAMS = {"night": day_param("Night", "The window is the days before this one. Empty: tonight.")}


def dag(model: ModelSpec) -> DAG:
    """Return the DAG `<model>_monitor`."""
    drift = assets.drift(model.name)
    output = artifacts(model, "monitor")
    schedule = CronTriggerTimetable(model.watch.schedule, timezone="UTC")
    with DAG(schedule=schedule, params=PARAMS, **dag_arguments(model, "monitor", __doc__ or "")) as dag:

        @task
        def night(params: Any = None, dag_run: Any = None) -> str:
            return watched_night(params["night"], dag_run.run_after, model.source.replay_year)

        load = LoadFilesOperator(
            task_id="load_predictions",
            table=f"{model.name}.predictions",
            files=f"{{{{ conn.triton_default.extra_dejson.prediction_log }}}}/{model.name}/*.jsonl",
            key_columns=["prediction_id"],
            timestamp_columns=["time", "event_timestamp"],
        )
        champion = FetchModelOperator(
            task_id="champion", model=model.name, alias="champion", destination=f"{output}/champion"
        )

        @task
        def window(output: str, ti: Any = None) -> dict[str, Any]:
            from include.watch_window import write_window

            return write_window(model, ti.xcom_pull("night"), ti.xcom_pull("champion"), output)

        report = DriftReportOperator(
            task_id="report",
            model=model.name,
            night="{{ ti.xcom_pull('night') }}",
            reference="{{ ti.xcom_pull('window')['reference'] }}",
            current="{{ ti.xcom_pull('window')['current'] }}",
            numerical=model.features.numerical,
            categorical=list(model.features.categorical),
            label=model.label,
            score="score",
            task=model.task,
            thresholds={
                "numerical": model.watch.column_distance,
                "drifted_share": model.watch.drifted_share,
                "min_rows": model.watch.min_rows,
            },
            output=f"{{{{ var.value.artifact_root }}}}/{model.name}/reports",
        )

        @task(outlets=[drift])
        def announce(ti: Any = None, run_id: Any = None, asset_state_store: Any = None) -> Any:
            """Emit the drift Asset, once per champion and window."""
            verdict = ti.xcom_pull("report")["verdict"]
            if verdict != "drift":
                raise AirflowSkipException(f"verdict is {verdict}: nothing to announce")
            version, until = ti.xcom_pull("champion")["version"], ti.xcom_pull("night")
            window = f"version {version}, night {until}"
            # A retry of the run that noted the window must still emit: its first attempt never succeeded.
            if asset_state_store[drift].get(window, run_id) != run_id:
                raise AirflowSkipException(f"drift of {window} was announced before")
            asset_state_store[drift].set(window, run_id)
            yield Metadata(drift, extra={"version": version, "night": until})

        chain(night(), load, champion, window(f"{output}/window"), report, announce())
    return dag
