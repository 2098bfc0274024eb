import io
from typing import Any

import pytest
from rich.console import Console

from local.demo import story
from local.demo.display import Display
from local.demo.plan import LATER
from local.demo.story import DemoFailed, Story
from local.traffic import Traffic
from tests.support import until


class Airflow:
    """Runs end at once as the test says; the next run of a DAG is `<dag_id>-<number>`."""

    base_url = "http://127.0.0.1:0"

    def __init__(self) -> None:
        self.triggered: list[tuple[str, dict[str, Any]]] = []
        self.results: dict[str, Any] = {}
        self.states: dict[str, str] = {}

    def trigger(self, dag_id: str, conf: dict[str, Any], note: str) -> str:
        self.triggered.append((dag_id, conf))
        return f"{dag_id}-{len(self.triggered)}"

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        return {"state": "failed" if "failed" in self.states.values() else "success"}

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        known = {"start_date": None, "end_date": None, "dag_run_id": run_id, "try_number": 2}
        return [known | {"task_id": name, "state": state} for name, state in self.states.items()]

    def xcom(self, dag_id: str, run_id: str, task_id: str) -> Any:
        return self.results[task_id]

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> list[dict[str, Any]]:
        return [{"event": f"line {n}"} for n in range(30)]

    def awaits_approval(self, dag_id: str, run_id: str) -> None:
        return None

    def run_started_by(self, dag_id: str, source_run_id: str) -> str:
        return f"{dag_id}-by-{source_run_id}"


@pytest.fixture
def airflow() -> Airflow:
    return Airflow()


@pytest.fixture
def life(airflow: Airflow, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setattr(story, "AirflowApi", lambda *_: airflow)
    monkeypatch.setattr(story, "password", lambda *_: "pw")
    display = Display()
    display.console = Console(file=io.StringIO())
    return Story({"SHAMAL_AIRFLOW_URL": airflow.base_url}, display)


def test_rows_that_are_lost_fail_the_demo(life: Story, airflow: Airflow) -> None:
    airflow.results = {"validate": {"rows": 100, "good": 90, "quarantined": 9}, "publish": {"snapshot_id": 1}}
    with pytest.raises(DemoFailed, match="100 rows read, but 90 good \\+ 9 quarantined"):
        life.ingest("Ingest", "2013-01-01", "2013-01-31")
    airflow.results["validate"]["good"] = 91
    run_id, rows = life.ingest("Ingest", "2013-01-01", "2013-01-31")
    assert run_id == "flight_delays_ingest-2"
    assert (rows["snapshot_id"], rows["days"]) == (1, "2013-01-01 to 2013-01-31")


def test_a_training_that_was_held_back_is_started_by_hand(life: Story, airflow: Airflow) -> None:
    airflow.results = {"evaluate": {"run_id": "abc"}, "training_set": {"digest": "d1"}}
    airflow.states = {"register": "success"}
    assert life.train("i")[0] == "flight_delays_train-by-i"
    assert airflow.triggered == []
    airflow.states = {"register": "skipped"}
    assert life.train("i")[0] == "flight_delays_train-1"
    days = {"start_date": "2013-01-01", "evaluation_date": "2013-03-01", "end_date": "2013-03-31"}
    assert airflow.triggered == [("flight_delays_train", days)]


def test_a_failed_run_is_explained_with_the_last_lines_and_the_runbook(life: Story, airflow: Airflow) -> None:
    airflow.states = {"stage": "success", "validate": "failed"}
    with pytest.raises(DemoFailed) as failed:
        life.ingest("Ingest", "2013-01-01", "2013-01-31")
    lines = str(failed.value).splitlines()
    assert lines[0] == "flight_delays_ingest, task validate, attempt 2:"
    assert [line.strip() for line in lines[1:-1]] == [f"line {n}" for n in range(15, 30)]
    assert lines[-1] == "The runbook is dags/flight_delays.py."


def test_another_verdict_than_expected_fails_the_demo(life: Story, airflow: Airflow) -> None:
    airflow.results = {"report": {"verdict": "ok", "report_html": "/reports/july.html"}}
    with pytest.raises(DemoFailed, match="July 2013: verdict ok, expected drift; see /reports/july"):
        life.monitor(LATER, expected="drift")
    assert airflow.triggered == [("flight_delays_monitor", {"night": "2013-08-01"})]
    assert life.monitor(LATER, expected="ok")[0] == "flight_delays_monitor-2"


@pytest.fixture
def released(airflow: Airflow, life: Story, monkeypatch: pytest.MonkeyPatch) -> Airflow:
    """A release of version 2 while a version answers already."""
    airflow.results = {
        "fetch": {"version": 2, "sha256": "s"},
        "deploy": {"version": 2},
        "promote": {"version": 2, "previous": 1},
        "canary": {"steps": [{"share": 0.2}]},
    }
    monkeypatch.setattr(Story, "_answers", lambda _: True)
    monkeypatch.setattr(Story, "traffic", lambda _: Traffic(lambda number: 1, rate=500))
    return airflow


def test_a_release_is_told_with_its_canary_and_the_requests_meanwhile(life: Story, released: Airflow) -> None:
    told = life.release("t")
    assert (told["champion"], told["previous"], told["lost"]) == (2, 1, 0)
    assert told["canary"] == {"steps": [{"share": 0.2}]}


def test_a_router_that_serves_another_version_fails_the_demo(life: Story, released: Airflow) -> None:
    released.results["promote"] = {"version": 1, "previous": None}
    with pytest.raises(DemoFailed, match="the router serves version 1, not 2"):
        life.release("t")


def test_a_lost_request_fails_the_demo(life: Story, released: Airflow, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(number: int) -> int:
        raise ConnectionError("router away")

    traffic = Traffic(away, rate=500)
    monkeypatch.setattr(Story, "traffic", lambda _: traffic)
    monkeypatch.setattr(Story, "_follow", lambda *_, **__: until("a request failed", lambda: traffic.lost, 10))
    with pytest.raises(DemoFailed, match="requests were lost: ConnectionError: router away"):
        life.release("t")
