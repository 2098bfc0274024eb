from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from include import assets
from include.model_spec import load_model
from include.stages import ingest

MODEL = load_model("flight_delays")
DAG: Any = ingest.dag(MODEL)


def test_rows_are_published_only_after_they_were_validated() -> None:
    order = [task.task_id for task in DAG.topological_sort()]
    assert order == ["interval", "stage", "validate", "publish", "apply_features", "materialize_features"]
    assert all(len(task.downstream_task_ids) <= 1 for task in DAG.tasks)


def test_the_features_are_announced_last() -> None:
    announcing = [task.task_id for task in DAG.tasks if task.outlets]
    assert announcing == ["materialize_features"]
    assert DAG.get_task("materialize_features").outlets == [assets.features("flight_delays")]


def test_the_days_come_from_the_form_or_from_the_schedule() -> None:
    interval = DAG.get_task("interval").python_callable
    run = SimpleNamespace(run_after=datetime(2026, 4, 2, tzinfo=UTC))
    given = {"start_date": "2013-01-01", "end_date": "2013-01-31"}
    assert interval(given, run) == {"start": "2013-01-01", "end": "2013-02-01"}
    assert interval(dict.fromkeys(given), run) == {"start": "2013-03-01", "end": "2013-04-01"}


def test_the_spec_decides_source_contract_and_tables() -> None:
    stage, validate = DAG.get_task("stage"), DAG.get_task("validate")
    assert stage.source_sha256 == MODEL.source.files
    assert {stage.table, validate.table, DAG.get_task("publish").table} == {"flight_delays.flights"}
    assert (validate.quarantine_table, validate.max_quarantined) == ("flight_delays.flights_quarantine", 0.3)
    assert stage.pool == "spark"
