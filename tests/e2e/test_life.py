"""The whole life of a model through the real Airflow, on real rows."""

import time
from pathlib import Path
from typing import Any

import pytest

from include.model_spec import load_model
from local.airflow_api import AirflowApi
from local.demo.plan import Month
from local.demo.predictions import ask_grpc, flights_of
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.releases import Releases
from tests.support import started_by, trained

SEATTLE_WINDOW = {"start_date": "2012-01-02", "evaluation_date": "2014-01-01", "end_date": "2014-12-31"}

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def test_every_row_read_is_good_or_quarantined(life: dict[str, Any]) -> None:
    for rows in (life["ingest"], life["later_ingest"]):
        assert rows["rows"] == rows["good"] + rows["quarantined"]
        assert rows["quarantined"] > 0, "real data has rows that break a rule"


def test_the_model_beats_the_baseline_by_the_margin_of_its_spec(life: dict[str, Any]) -> None:
    metrics = life["train"]["metrics"]
    margin = load_model("flight_delays").gates.min_margin_over_baseline
    assert metrics["roc_auc"] - metrics["baseline_roc_auc"] >= margin
    assert all(verdict["passed"] for verdict in life["train"]["verdicts"])


def test_the_released_version_answers(life: dict[str, Any]) -> None:
    assert life["release"]["golden_max_diff"] <= 1e-4
    assert len(life["flights"]) == 3
    assert all(0 <= flight["probability"] <= 1 for flight in life["flights"])


def test_the_served_version_came_through_its_canary_and_no_request_was_lost(life: dict[str, Any]) -> None:
    release, rollout = life["release"], load_model("flight_delays").rollout
    assert rollout is not None
    assert [step["share"] for step in release["canary"]["steps"]] == [step.share for step in rollout.steps]
    assert release["requests"] > 500
    assert release["lost"] == 0
    assert release["previous"] is not None


def test_journal_registry_and_router_agree(life: dict[str, Any], stack: Any, airflow_connections: Any) -> None:
    releases = Releases(TritonHook().repository, "flight_delays")
    last = [entry for entry in releases.journal() if entry["action"] != "repair"][-1]
    assert (last["action"], last["to"], last["by"]) == ("promote", life["release"]["champion"], "approver")
    assert MlflowRegistryHook().alias_version("flight_delays", "champion") == last["to"]
    assert releases.intent() is None


def test_one_month_is_ok_and_the_other_drifts(life: dict[str, Any]) -> None:
    assert {month: report["verdict"] for month, report in life["monitor"].items()} == {
        "March 2013": "ok",
        "July 2013": "drift",
    }
    for report in life["monitor"].values():
        assert Path(report["report_html"]).stat().st_size > 10_000
        assert Path(report["report_json"]).is_file()


def test_drift_started_a_training_of_its_own(life: dict[str, Any], engineer: AirflowApi) -> None:
    events = engineer.call(
        "GET", f"/dags/flight_delays_train/dagRuns/{life['retraining']['run_id']}/upstreamAssetEvents"
    )["asset_events"]
    assert "flight_delays_monitor" in {event["source_dag_id"] for event in events}


def test_a_second_run_of_a_night_replaces_its_report_and_announces_nothing(
    life: dict[str, Any], engineer: AirflowApi
) -> None:
    run_id = engineer.trigger("flight_delays_monitor", {"night": "2013-08-01"})
    assert engineer.wait("flight_delays_monitor", run_id, timeout=300) == "success"
    again = engineer.xcom("flight_delays_monitor", run_id, "report")
    first = life["monitor"]["July 2013"]
    assert (again["verdict"], again["report_html"]) == (first["verdict"], first["report_html"])
    assert len(list(Path(again["report_html"]).parent.glob("*.html"))) == 1
    states = {task["task_id"]: task["state"] for task in engineer.tasks("flight_delays_monitor", run_id)}
    assert states["announce"] == "skipped"


def test_no_dag_file_has_an_import_error(life: dict[str, Any], engineer: AirflowApi) -> None:
    assert engineer.call("GET", "/importErrors")["import_errors"] == []


def test_the_second_model_lives_by_a_folder_and_a_dag_file_alone(
    engineer: AirflowApi, life: dict[str, Any], stack: Any
) -> None:
    model = load_model("seattle_weather")
    days = {"start_date": model.source.first_day.isoformat(), "end_date": "2014-12-31"}
    ingest = engineer.trigger("seattle_weather_ingest", days)
    assert engineer.wait("seattle_weather_ingest", ingest, timeout=300) == "success"
    train = trained(engineer, "seattle_weather", ingest, SEATTLE_WINDOW)
    release = started_by(engineer, "seattle_weather_release", train)
    assert engineer.wait("seattle_weather_release", release, timeout=300) == "success"
    assert engineer.xcom("seattle_weather_release", release, "promote")["version"] >= 1

    month = Month("November 2014", "2014-11-01", "2014-11-30", "2014-12-01")
    days_of_november = flights_of(stack.settings, model, month, limit=30)
    assert len(ask_grpc(stack.settings, model, days_of_november)["score"]) == 30
    time.sleep(3)  # the router closes a segment of its prediction log after two seconds
    monitor = engineer.trigger("seattle_weather_monitor", {"night": month.night})
    assert engineer.wait("seattle_weather_monitor", monitor, timeout=300) == "success"
    assert engineer.xcom("seattle_weather_monitor", monitor, "window")["rows"] == 30
