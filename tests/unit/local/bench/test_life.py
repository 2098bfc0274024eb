from types import SimpleNamespace
from typing import Any

import pytest

from local.bench import life
from local.bench.life import Life
from local.bench.result import CannotMeasure

ENDS = {"ingest": (0, 60), "train": (60, 90), "release": (90, 100), "monitor": (200, 220)}


class Airflow:
    """Answers as an Airflow in which every run ends at once; notes what it was asked to do."""

    base_url = "http://airflow"

    def __init__(self, state: str = "success") -> None:
        self.state = state
        self.asked: list[tuple[str, ...]] = []

    def call(self, method: str, path: str, **_: Any) -> Any:
        self.asked.append((method, path))
        return {
            "assets": [{"id": 7, "name": "flight_delays/candidate"}, {"id": 8, "name": "x/flight_delays/candidate"}]
        }

    def trigger(self, dag_id: str, params: dict[str, str], note: str) -> str:
        self.asked.append((dag_id, *params.values()))
        return "manual"

    def run_started_by(self, dag_id: str, source_run_id: str) -> str:
        return f"after {source_run_id}"

    def run(self, dag_id: str, _run_id: str) -> dict[str, Any]:
        begin, end = ENDS[dag_id.removeprefix("flight_delays_")]
        moments = {"queued_at": f"2026-01-01T00:{begin // 60:02}:{begin % 60:02}Z"}
        moments["end_date"] = f"2026-01-01T00:{end // 60:02}:{end % 60:02}Z"
        return {"state": self.state, **moments}

    def tasks(self, _dag_id: str, _run_id: str) -> list[dict[str, str]]:
        return [{"task_id": "stage", "state": "failed"}]


def life_with(monkeypatch: pytest.MonkeyPatch, airflow: Airflow) -> Life:
    monkeypatch.setattr(life, "wait_for_dag", lambda *_: None)
    monkeypatch.setattr(Life, "_ask", lambda _: None)
    bench: Any = SimpleNamespace(model="flight_delays", stack=SimpleNamespace(settings={}, api=lambda *_: airflow))
    return Life(bench)


def test_seconds_are_those_of_ingest_to_release_and_of_monitor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert life_with(monkeypatch, Airflow()).run() == 100 + 20


def test_the_cool_down_of_an_earlier_life_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow()
    life_with(monkeypatch, airflow).run()
    assert airflow.asked == [
        ("GET", "/assets"),
        ("DELETE", "/assets/7/state-store"),
        ("flight_delays_ingest", "2013-01-01", "2013-03-31"),
        ("flight_delays_monitor", "2013-04-01"),
    ]


def test_a_failed_run_names_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotMeasure, match=r"flight_delays_ingest manual is failed \(failed: \['stage'\]\)"):
        life_with(monkeypatch, Airflow("failed")).run()
