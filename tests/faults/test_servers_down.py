"""A server that is down: the task says which one and where its log is, retries, and succeeds once it is back."""

import re
from typing import Any

import pytest

from local.airflow_api import AirflowApi
from tests.support import finished, started_by, task, trained, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

WINDOW = {"start_date": "2012-01-02", "evaluation_date": "2014-01-01", "end_date": "2014-12-31"}
# Days that are published already, so that the test adds none.
DAYS = {"start_date": "2014-12-01", "end_date": "2014-12-31"}


@pytest.fixture(scope="module", autouse=True)
def champion(stack: Any, engineer: AirflowApi) -> None:
    """Bring the small model to life, so that every server has something to answer."""
    run_id = engineer.trigger("seattle_weather_ingest", {"start_date": "2012-01-02", "end_date": "2014-12-31"})
    assert finished(engineer, "seattle_weather_ingest", run_id, 600) == "success"
    trained(engineer, "seattle_weather", run_id, WINDOW)


def release_of_a_new_version(api: AirflowApi) -> str:
    train = api.trigger("seattle_weather_train", WINDOW)
    assert finished(api, "seattle_weather_train", train, 400) == "success"
    return started_by(api, "seattle_weather_release", train)


@pytest.mark.parametrize(
    ("server", "dag_id", "task_id", "start", "named"),
    [
        ("mlflow", "seattle_weather_release", "fetch", {}, "mlflow_default"),
        ("triton", "seattle_weather_release", "deploy", release_of_a_new_version, "triton_default"),
        ("pods", "seattle_weather_train", "train", WINDOW, "kubernetes_default"),
        ("openbao", "seattle_weather_ingest", "stage", DAYS, "secret store"),
    ],
)
def test_the_task_names_the_server_and_recovers(
    server: str, dag_id: str, task_id: str, start: Any, named: str, engineer: AirflowApi, faults: Any
) -> None:
    with faults.killed(server):
        run_id = start(engineer) if callable(start) else engineer.trigger(dag_id, start)
        until(
            f"{task_id} wants to be retried",
            lambda: task(engineer, dag_id, run_id, task_id)["state"] == "up_for_retry",
            300,
        )
    text = " ".join(str(line) for line in engineer.log(dag_id, run_id, task_id, 1))
    assert named in text
    assert re.search(r"look at (its log|\S+\.log)", text, re.IGNORECASE)
    assert finished(engineer, dag_id, run_id, 400) == "success"
