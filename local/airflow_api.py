"""A small client of Airflow's public REST API, signed in as one person."""

import time
from typing import Any, cast

import requests

FINISHED = {"success", "failed"}


class AirflowApi:
    """Airflow as one user sees it.

    :param base_url: e.g. http://127.0.0.1:8080
    :param username: who signs in; runs that it triggers carry this name.
    :param password: the user's password.
    :raises requests.HTTPError: for every answer that is an error, with Airflow's own explanation.
    """

    def __init__(self, base_url: str, username: str, password: str) -> None:
        self.base_url = base_url
        self._session = requests.Session()
        answer = self._session.post(
            f"{base_url}/auth/token", json={"username": username, "password": password}, timeout=30
        )
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Return the JSON answer of one call below /api/v2.

        :raises requests.HTTPError: the answer is an error; its text is part of the message.
        """
        answer = self._session.request(method, f"{self.base_url}/api/v2{path}", timeout=60, **arguments)
        if not answer.ok:
            raise requests.HTTPError(f"{method} {path}: {answer.status_code} {answer.text[:2000]}", response=answer)
        return answer.json() if answer.content else None

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None, note: str | None = None) -> str:
        """Start a run and return its id."""
        body = {"logical_date": None, "conf": conf or {}, "note": note}
        return cast(str, self.call("POST", f"/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Return one run."""
        return cast(dict[str, Any], self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}"))

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the newest runs of a DAG, newest first."""
        answer = self.call("GET", f"/dags/{dag_id}/dagRuns", params={"order_by": "-run_after", "limit": 50})
        return cast(list[dict[str, Any]], answer["dag_runs"])

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a run."""
        answer = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")
        return cast(list[dict[str, Any]], answer["task_instances"])

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Return what a task returned, or left under another key."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.call("GET", path, params={"deserialize": True})["value"]

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> list[dict[str, Any]]:
        """Return the lines of one attempt of a task, each with its tags."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        return cast(list[dict[str, Any]], self.call("GET", path)["content"])

    def run_started_by(self, dag_id: str, source_run_id: str) -> str | None:
        """Return the run of `dag_id` that an Asset event of the run `source_run_id` started, if there is one."""
        for run in self.runs(dag_id):
            # Asked for the events of a run that is still queued, Airflow 3.3.2 answers 500 for want of a start date.
            if run["run_type"] != "asset_triggered" or run["start_date"] is None:
                continue
            path = f"/dags/{dag_id}/dagRuns/{run['dag_run_id']}/upstreamAssetEvents"
            events = self.call("GET", path)["asset_events"]
            if any(event["source_run_id"] == source_run_id for event in events):
                return cast(str, run["dag_run_id"])
        return None

    def awaits_approval(self, dag_id: str, run_id: str) -> str | None:
        """Return the task of the run that waits for a person, if one does."""
        waiting = (task for task in self.tasks(dag_id, run_id) if task["state"] == "awaiting_input")
        return next((task["task_id"] for task in waiting), None)

    def approve(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Answer an approval with yes, as the signed-in person."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        self.call("PATCH", path, json={"chosen_options": ["Approve"], "params_input": {}})

    def wait(self, dag_id: str, run_id: str, timeout: float) -> str:
        """Return the state of a run once it is finished, at most `timeout` seconds from now.

        :raises TimeoutError: the run is still going on.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            state = self.run(dag_id, run_id)["state"]
            if state in FINISHED:
                return cast(str, state)
            time.sleep(1)
        raise TimeoutError(f"{dag_id} {run_id} is {state} after {timeout:.0f} s; look at {self.base_url}")
