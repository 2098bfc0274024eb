from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from include import assets
from include.model_spec import load_model
from include.stages import monitor

MODEL = load_model("flight_delays")
DAG: Any = monitor.dag(MODEL)
DRIFT = assets.drift(MODEL.name)


class Memory(dict[str, Any]):
    """The state of one asset."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


@pytest.fixture
def memory() -> dict[Any, Memory]:
    return {DRIFT: Memory()}


def announce(memory: dict[Any, Memory], run_id: str, verdict: str = "drift", version: int = 3) -> list[Any]:
    returned = {"report": {"verdict": verdict}, "champion": {"version": version}, "night": "2013-08-01"}
    ti = SimpleNamespace(xcom_pull=returned.__getitem__)
    return list(DAG.get_task("announce").python_callable(ti, run_id, memory))


@pytest.mark.parametrize("verdict", ["ok", "insufficient_data"])
def test_only_drift_is_announced(verdict: str, memory: dict[Any, Memory]) -> None:
    with pytest.raises(AirflowSkipException, match=f"verdict is {verdict}"):
        announce(memory, "run-1", verdict)
    assert memory == {DRIFT: {}}


def test_the_event_names_version_and_night(memory: dict[Any, Memory]) -> None:
    (event,) = announce(memory, "run-1")
    assert event.asset == DRIFT
    assert event.extra == {"version": 3, "night": "2013-08-01"}


def test_a_second_run_of_the_night_announces_nothing_new(memory: dict[Any, Memory]) -> None:
    announce(memory, "run-1")
    with pytest.raises(AirflowSkipException, match="announced before"):
        announce(memory, "run-2")


def test_a_retry_of_the_run_and_a_new_champion_are_announced(memory: dict[Any, Memory]) -> None:
    assert announce(memory, "run-1")
    assert announce(memory, "run-1")
    assert announce(memory, "run-2", version=4)


def test_the_night_is_that_of_the_form_or_of_the_run() -> None:
    night = DAG.get_task("night").python_callable
    run = SimpleNamespace(run_after=datetime(2026, 4, 1, 2, 30, tzinfo=UTC))
    assert night({"night": "2013-08-01"}, run) == "2013-08-01"
    assert night({"night": None}, run) == "2013-04-01"


def test_the_report_compares_what_the_spec_says() -> None:
    report = DAG.get_task("report")
    assert [*report.numerical, *report.categorical] == MODEL.features.columns
    watch = MODEL.watch
    assert report.thresholds == {
        "numerical": watch.column_distance,
        "drifted_share": watch.drifted_share,
        "min_rows": watch.min_rows,
    }
    assert [task.task_id for task in DAG.topological_sort()][-2:] == ["report", "announce"]
