"""A server that is down: the task says which one and where its log is, retries, and succeeds once it is back."""

from typing import Any

import pytest

from local.airflow_api import AirflowApi
from tests.support import finished, task, trained, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.fixture(scope="module", autouse=True)
def champion(stack: Any, engineer: AirflowApi) -> None:
    """Bring the small model to life, so that every server has something to answer."""
    run_id = engineer.trigger("seattle_weather_ingest", {"start_date": "2012-01-01", "end_date": "2014-12-31"})
    assert finished(engineer, "seattle_weather_ingest", run_id, 600) == "success"
    trained(engineer, "seattle_weather", run_id, window={})


@pytest.mark.parametrize(
    ("server", "dag_id", "task_id", "named"),
    [
        ("mlflow", "seattle_weather_release", "fetch", "mlflow_default"),
        ("triton", "seattle_weather_release", "deploy", "triton_default"),
        ("pod-runner", "seattle_weather_train", "train", "kubernetes_default"),
        ("openbao", "seattle_weather_ingest", "stage", "OpenBao"),
    ],
)
def test_the_task_names_the_server_and_recovers(
    server: str, dag_id: str, task_id: str, named: str, engineer: AirflowApi, faults: Any
) -> None:
    with faults.killed(server):
        run_id = engineer.trigger(dag_id)
        until(
            f"{task_id} wants to be retried",
            lambda: task(engineer, dag_id, run_id, task_id)["state"] == "up_for_retry",
            300,
        )
    text = " ".join(str(line) for line in engineer.log(dag_id, run_id, task_id, 1))
    assert named in text
    assert "log" in text.lower()
    assert finished(engineer, dag_id, run_id, 400) == "success"
