from types import SimpleNamespace

import pytest
from airflow import settings
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param
from airflow.serialization.serialized_objects import DagSerialization

from shamal.providers.governance import run_policy
from shamal.providers.governance.errors import RunRefused

INGEST = ("model:churn", "stage:ingest")


def start(conf, *, tags=INGEST, run_type="manual", state="queued", params=None):
    """Let Airflow make the first task instance of a run, and return it."""
    params = {name: Param(None, type=["null", "string"], format="date") for name in run_policy.DAYS} | (params or {})
    with DAG("churn_ingest", schedule=None, tags=tags, params=params) as dag:
        EmptyOperator(task_id="first")
    serialized = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    run = DagRun(dag_id="churn_ingest", run_id="manual__1", conf=conf, run_type=run_type, state=state)
    run.dag = serialized
    task_instance = TaskInstance(serialized.get_task("first"), dag_version_id=None, run_id="manual__1")
    run_policy.task_instance_mutation_hook(task_instance, run)
    return task_instance, run


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        (
            {"start_date": "2013-02-03", "end_date": "2013-02-01"},
            "No run of churn_ingest was started: end_date 2013-02-01 is before start_date 2013-02-03; "
            "give the earlier day first, then trigger it again",
        ),
        (
            {"start_date": "2013-02-03"},
            "No run of churn_ingest was started: start_date is 2013-02-03 and end_date is empty; "
            "give both days, or neither, then trigger it again",
        ),
        (
            {"start_date": None, "end_date": "2013-02-01"},
            "No run of churn_ingest was started: start_date is empty and end_date is 2013-02-01; "
            "give both days, or neither, then trigger it again",
        ),
    ],
)
def test_impossible_days(conf, message):
    with pytest.raises(RunRefused) as error:
        start(conf)

    assert str(error.value) == message
    assert isinstance(error.value, ValueError)


@pytest.mark.parametrize(
    "conf",
    [
        None,
        {},
        {"start_date": None, "end_date": None},
        {"start_date": "2013-02-01", "end_date": "2013-02-01"},
        {"start_date": "2013-02-01", "end_date": "2013-02-28"},
        {"ticket": "CHG-1"},
    ],
)
def test_possible_days(conf):
    start(conf)


def test_a_default_of_the_dag_counts_as_given():
    start({"end_date": "2013-02-02"}, params={"start_date": Param("2013-02-01", type="string", format="date")})


def test_what_is_no_date_is_left_to_the_format_of_the_param():
    start({"start_date": "next week", "end_date": "2013-02-01"})


def test_other_stages_may_leave_a_day_to_their_spec():
    start({"end_date": "2013-02-01"}, tags=("model:churn", "stage:train"))

    with pytest.raises(RunRefused, match="is before"):
        start({"start_date": "2013-02-03", "end_date": "2013-02-01"}, tags=("model:churn", "stage:train"))


@pytest.mark.parametrize(
    "case",
    [
        {"tags": ()},
        *({"run_type": name} for name in ("scheduled", "asset_triggered", "operator_triggered", "backfill")),
        {"state": "running"},
    ],
)
def test_other_dags_other_starters_and_old_runs_are_left_alone(case):
    start({"start_date": "2013-02-03", "end_date": "2013-02-01"}, **case)


def test_a_task_instance_keeps_its_place_in_the_trace_of_the_run():
    task_instance, run = start({})

    trace_id = run.context_carrier["traceparent"].split("-")[1]
    assert task_instance.context_carrier["traceparent"].split("-")[1] == trace_id


def test_the_hook_is_called_without_a_run_too():
    run_policy.task_instance_mutation_hook(SimpleNamespace(), None)


def test_airflow_shows_the_run_to_the_hook():
    assert settings.task_instance_mutation_hook.is_noop is False
