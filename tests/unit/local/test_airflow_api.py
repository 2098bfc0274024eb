import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from local.airflow_api import AirflowApi

RUN = "/api/v2/dags/d/dagRuns/r"


class Airflow(BaseHTTPRequestHandler):
    """Answers from a table of `METHOD path` to status and body, and keeps what was asked."""

    answers: dict[str, tuple[int, Any]]
    asked: list[tuple[str, Any]]

    def answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = f"{self.command} {self.path.partition('?')[0]}"
        self.asked.append((request, json.loads(content) if content else None))
        signed_in = self.path == "/auth/token" or self.headers["Authorization"] == "Bearer t0ken"
        status, body = self.answers.get(request, (404, {"detail": "not found"})) if signed_in else (401, {})
        self.send_response(status)
        self.end_headers()
        if body is not None:
            self.wfile.write(json.dumps(body).encode())

    do_GET = do_POST = do_PATCH = answer  # noqa: N815 - names of http.server

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@pytest.fixture
def answers() -> dict[str, tuple[int, Any]]:
    return {"POST /auth/token": (201, {"access_token": "t0ken"})}


@pytest.fixture
def asked() -> list[tuple[str, Any]]:
    return []


@pytest.fixture
def address(answers: dict[str, tuple[int, Any]], asked: list[tuple[str, Any]]) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (Airflow,), {"answers": answers, "asked": asked}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def api(address: str) -> AirflowApi:
    return AirflowApi(address, "engineer", "pw")


def test_a_person_signs_in_with_name_and_password(api: AirflowApi, asked: list[Any]) -> None:
    assert asked == [("POST /auth/token", {"username": "engineer", "password": "pw"})]


def test_a_wrong_password_is_an_error(address: str, answers: dict[str, Any]) -> None:
    answers["POST /auth/token"] = (401, {"detail": "Invalid credentials"})
    with pytest.raises(requests.HTTPError, match="401"):
        AirflowApi(address, "engineer", "no")


def test_a_run_is_started_with_its_days_and_its_note(
    api: AirflowApi, answers: dict[str, Any], asked: list[Any]
) -> None:
    answers["POST /api/v2/dags/d/dagRuns"] = (200, {"dag_run_id": "r"})
    assert api.trigger("d", {"start_date": "2013-01-01"}, note="why") == "r"
    assert asked[-1][1] == {"logical_date": None, "conf": {"start_date": "2013-01-01"}, "note": "why"}


def test_an_error_says_what_was_asked_and_what_airflow_answered(api: AirflowApi) -> None:
    with pytest.raises(requests.HTTPError, match=r"GET /dags/d/dagRuns/r: 404 .*not found"):
        api.run("d", "r")


def test_the_run_that_an_event_started_is_found_among_the_others(api: AirflowApi, answers: dict[str, Any]) -> None:
    runs = [
        {"dag_run_id": "by-hand", "run_type": "manual", "start_date": "2026-01-01"},
        {"dag_run_id": "still-queued", "run_type": "asset_triggered", "start_date": None},
        {"dag_run_id": "of-another", "run_type": "asset_triggered", "start_date": "2026-01-01"},
        {"dag_run_id": "wanted", "run_type": "asset_triggered", "start_date": "2026-01-01"},
    ]
    path = "GET /api/v2/dags/d/dagRuns"
    answers[path] = (200, {"dag_runs": runs})
    answers[f"{path}/of-another/upstreamAssetEvents"] = (200, {"asset_events": [{"source_run_id": "r0"}]})
    answers[f"{path}/wanted/upstreamAssetEvents"] = (200, {"asset_events": [{"source_run_id": "r1"}]})
    assert api.run_started_by("d", "r1") == "wanted"
    assert api.run_started_by("d", "r2") is None


def test_the_task_that_waits_for_a_person_is_found_and_approved(
    api: AirflowApi, answers: dict[str, Any], asked: list[Any]
) -> None:
    tasks = [{"task_id": "fetch", "state": "success"}, {"task_id": "approval", "state": "awaiting_input"}]
    answers[f"GET {RUN}/taskInstances"] = (200, {"task_instances": tasks})
    answers[f"PATCH {RUN}/taskInstances/approval/-1/hitlDetails"] = (200, None)
    assert api.awaits_approval("d", "r") == "approval"
    api.approve("d", "r", "approval")
    assert asked[-1][1] == {"chosen_options": ["Approve"], "params_input": {}}
    tasks[1]["state"] = "success"
    assert api.awaits_approval("d", "r") is None


def test_results_and_logs_of_a_task_are_read(api: AirflowApi, answers: dict[str, Any]) -> None:
    answers[f"GET {RUN}/taskInstances/t/xcomEntries/return_value"] = (200, {"value": {"rows": 3}})
    answers[f"GET {RUN}/taskInstances/t/logs/2"] = (200, {"content": [{"event": "done"}]})
    assert api.xcom("d", "r", "t") == {"rows": 3}
    assert api.log("d", "r", "t", 2) == [{"event": "done"}]


def test_waiting_ends_with_the_run_or_with_the_time(api: AirflowApi, answers: dict[str, Any]) -> None:
    answers[f"GET {RUN}"] = (200, {"state": "failed"})
    assert api.wait("d", "r", timeout=5) == "failed"
    answers[f"GET {RUN}"] = (200, {"state": "queued"})
    with pytest.raises(TimeoutError, match=r"d r is queued after 0 s; look at http://127\.0\.0\.1"):
        api.wait("d", "r", timeout=0.1)
