"""The steps of the demo, in the order in which they happen."""

import time
from contextlib import nullcontext
from typing import Any

import requests

from include.model_spec import load_model
from local.airflow_api import FINISHED, AirflowApi
from local.demo.display import Display
from local.demo.plan import EVALUATED, FIRST_DAY, KEY, LATER, MODEL, PREDICTIONS_PER_MONTH, Month
from local.demo.predictions import ask_by_key, ask_grpc, ask_rest, asker, flights_of
from local.settings import Settings
from local.traffic import Traffic
from local.users import password

DAGS = tuple(f"{MODEL}_{stage}" for stage in ("ingest", "train", "release", "monitor"))
RUN_SECONDS = 600


class DemoFailed(Exception):
    """A step did not come out as it must; the message says which, and what to try."""


class Story:
    """The life of flight_delays; each method is one step and returns what the summary says of it.

    :param settings: of the running stack.
    :param display: where progress is shown.
    """

    def __init__(self, settings: Settings, display: Display) -> None:
        self.settings = settings
        self.display = display
        self.model = load_model(MODEL)
        url = settings["SHAMAL_AIRFLOW_URL"]
        self.engineer = AirflowApi(url, "engineer", password(settings, "engineer"))
        self.approver = AirflowApi(url, "approver", password(settings, "approver"))

    def run(self) -> dict[str, Any]:
        """Return the summary of the whole life; raise DemoFailed at the first thing that is not true."""
        self._wait_for_dags()
        ingest_id, ingest = self.ingest("Ingest January to March 2013", FIRST_DAY, EVALUATED.last)
        train_id, train = self.train(ingest_id)
        release = self.release(train_id)
        if not release["canary"]["steps"]:
            # The first version has nothing to be compared with: only the second one shows a canary.
            train_id, train = self.train_by_hand("Train once more on the same months")
            release = self.release(train_id)
        named = self.ask_about_three_flights()
        asked = self.ask(EVALUATED)
        quiet = self.monitor(EVALUATED, expected="ok")[1]
        later = self.ingest(f"Ingest {LATER.name}", LATER.first, LATER.last)[1]
        asked += self.ask(LATER)
        night_id, drifted = self.monitor(LATER, expected="drift")
        retraining = self.retraining(night_id)
        return {
            "model": MODEL,
            "ingest": ingest,
            "train": train,
            "release": release,
            "flights": named,
            "predictions": asked,
            "monitor": {EVALUATED.name: quiet, LATER.name: drifted},
            "later_ingest": later,
            "retraining": retraining,
            "web_ui": self.settings["SHAMAL_AIRFLOW_URL"],
            "login": self.settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"],
        }

    def ingest(self, title: str, first: str, last: str) -> tuple[str, dict[str, Any]]:
        """Ingest the days and check that every row is accounted for."""
        dag_id = f"{MODEL}_ingest"
        run_id = self.engineer.trigger(dag_id, {"start_date": first, "end_date": last}, note="make demo")
        self._follow(title, dag_id, run_id)
        rows = self.engineer.xcom(dag_id, run_id, "validate")
        published = self.engineer.xcom(dag_id, run_id, "publish")
        if rows["rows"] != rows["good"] + rows["quarantined"]:
            raise DemoFailed(f"{rows['rows']} rows read, but {rows['good']} good + {rows['quarantined']} quarantined")
        return run_id, rows | {"snapshot_id": published["snapshot_id"], "days": f"{first} to {last}"}

    def train(self, ingest_id: str) -> tuple[str, dict[str, Any]]:
        """Follow the training that the new features started; where it was held back, start one as a person would."""
        dag_id = f"{MODEL}_train"
        run_id = self._started_by(dag_id, ingest_id)
        self._follow("Train on January and February, judge by March", dag_id, run_id)
        if self._state(dag_id, run_id, "register") != "success":
            self.display.say("  held back (cool-down or no new rows): triggering it by hand")
            return self.train_by_hand("Train on January and February, judge by March")
        return run_id, self._trained(dag_id, run_id)

    def train_by_hand(self, title: str) -> tuple[str, dict[str, Any]]:
        """Train on the days before the evaluation month, as a person would start it, and follow it."""
        dag_id = f"{MODEL}_train"
        days = {"start_date": FIRST_DAY, "evaluation_date": EVALUATED.first, "end_date": EVALUATED.last}
        run_id = self.engineer.trigger(dag_id, days, note="make demo")
        self._follow(title, dag_id, run_id)
        return run_id, self._trained(dag_id, run_id)

    def _trained(self, dag_id: str, run_id: str) -> dict[str, Any]:
        evaluated: dict[str, Any] = self.engineer.xcom(dag_id, run_id, "evaluate")
        return evaluated | {"training_set": self.engineer.xcom(dag_id, run_id, "training_set")}

    def release(self, train_id: str) -> dict[str, Any]:
        """Follow the release of the candidate and approve it as the approver; ask all the time if a version answers.

        No request may be lost, whatever is loaded, routed or taken back meanwhile.
        """
        dag_id = f"{MODEL}_release"
        run_id = self._started_by(dag_id, train_id)
        answering = self._answers()
        with self.traffic() if answering else nullcontext() as traffic:
            self._follow("Release, at 50 requests/s" if answering else "Release", dag_id, run_id, approve=True)
        fetched, deployed, promoted, canary = (
            self.engineer.xcom(dag_id, run_id, task_id) for task_id in ("fetch", "deploy", "promote", "canary")
        )
        if promoted["version"] != fetched["version"]:
            raise DemoFailed(f"the router serves version {promoted['version']}, not {fetched['version']}")
        if traffic and traffic.lost:
            raise DemoFailed(f"{traffic.lost} of {traffic.sent} requests were lost: {'; '.join(traffic.errors)}")
        return {
            **deployed,
            "champion": promoted["version"],
            "previous": promoted["previous"],
            "canary": canary,
            "requests": traffic.sent if traffic else 0,
            "lost": traffic.lost if traffic else 0,
            "sha256": fetched["sha256"],
            "approved_by": "approver",
        }

    def traffic(self) -> Traffic:
        """Return 50 requests per second about flights of the evaluation month."""
        flights = flights_of(self.settings, self.model, EVALUATED, limit=PREDICTIONS_PER_MONTH)
        return Traffic(asker(self.settings, self.model, flights))

    def _answers(self) -> bool:
        """Return whether a version of the model answers already."""
        url = f"http://127.0.0.1:{self.settings['SHAMAL_TRITON_HTTP_PORT']}/v2/models/{MODEL}/ready"
        return requests.get(url, timeout=30).ok

    def ask_about_three_flights(self) -> list[dict[str, Any]]:
        """Ask about three flights of March over REST, over gRPC and by their keys alone; all must answer the same."""
        some = flights_of(self.settings, self.model, EVALUATED, limit=50)
        # JSON has no NaN, so a flight with a missing value can be asked about over gRPC only.
        complete = [flight for flight in some if all(flight[name] is not None for name in self.model.features.columns)]
        flights = complete[:3]
        rest, grpc, keys = (ask(self.settings, self.model, flights) for ask in (ask_rest, ask_grpc, ask_by_key))
        answers = []
        scores = zip(flights, rest["score"], grpc["score"], keys["score"], strict=True)
        for flight, over_rest, over_grpc, by_key in scores:
            if max(over_rest, over_grpc, by_key) - min(over_rest, over_grpc, by_key) > 1e-6:
                raise DemoFailed(f"{flight[KEY]}: REST {over_rest}, gRPC {over_grpc}, by its key {by_key}")
            answers.append(
                {KEY: flight[KEY], "probability": round(over_rest, 3), "truth": bool(flight[self.model.label])}
            )
        return answers

    def ask(self, month: Month) -> int:
        """Ask about many flights of a month over gRPC; return how many were answered."""
        flights = flights_of(self.settings, self.model, month, limit=PREDICTIONS_PER_MONTH)
        answered = len(ask_grpc(self.settings, self.model, flights)["score"])
        if answered != len(flights):
            raise DemoFailed(f"{len(flights)} flights asked, {answered} answers")
        self.display.say(f"  {answered} flights of {month.name} predicted over gRPC")
        # The router closes a segment of its prediction log after this many seconds.
        time.sleep(3)
        return answered

    def monitor(self, month: Month, expected: str) -> tuple[str, dict[str, Any]]:
        """Run the night that looks back on a month and check its verdict."""
        dag_id = f"{MODEL}_monitor"
        run_id = self.engineer.trigger(dag_id, {"night": month.night}, note="make demo")
        self._follow(f"Watch {month.name}", dag_id, run_id)
        report: dict[str, Any] = self.engineer.xcom(dag_id, run_id, "report")
        if report["verdict"] != expected:
            raise DemoFailed(
                f"{month.name}: verdict {report['verdict']}, expected {expected}; see {report['report_html']}"
            )
        return run_id, report

    def retraining(self, night_id: str) -> dict[str, Any]:
        """Check that the drift started a training; it is not awaited."""
        dag_id = f"{MODEL}_train"
        run_id = self._started_by(dag_id, night_id)
        return {"run_id": run_id, "state": self.engineer.run(dag_id, run_id)["state"], "awaited": False}

    def _wait_for_dags(self, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while True:
            known = {dag["dag_id"] for dag in self.engineer.call("GET", "/dags", params={"limit": 100})["dags"]}
            if known.issuperset(DAGS):
                return
            if time.monotonic() > deadline:
                errors = self.engineer.call("GET", "/importErrors")["import_errors"]
                raise DemoFailed(f"DAGs missing: {sorted(set(DAGS) - known)}; import errors: {errors}")
            time.sleep(0.5)

    def _started_by(self, dag_id: str, source_run_id: str, seconds: float = 60) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if run_id := self.engineer.run_started_by(dag_id, source_run_id):
                return run_id
            time.sleep(0.5)
        raise DemoFailed(f"no run of {dag_id} was started by {source_run_id} within {seconds:.0f} s")

    def follow(self, title: str, dag_id: str, run_id: str, *, approve: bool = False) -> str:
        """Show a run until it ends and return its state.

        :param approve: answer its approval with yes, as the approver.
        :raises DemoFailed: it takes too long.
        """
        self.display.say(f"[bold]{title}[/]")
        deadline = time.monotonic() + RUN_SECONDS
        while True:
            state: str = self.engineer.run(dag_id, run_id)["state"]
            self.display.follow(title, dag_id, self.engineer.tasks(dag_id, run_id))
            if state in FINISHED:
                self.display.done()
                return state
            if approve and (task_id := self.engineer.awaits_approval(dag_id, run_id)):
                self.approver.approve(dag_id, run_id, task_id)
                self.display.say(f"  {task_id} answered by approver: Approve")
            if time.monotonic() > deadline:
                raise DemoFailed(
                    f"{dag_id} {run_id} is {state} after {RUN_SECONDS} s; look at {self.engineer.base_url}"
                )
            time.sleep(0.5)

    def _follow(self, title: str, dag_id: str, run_id: str, *, approve: bool = False) -> None:
        if self.follow(title, dag_id, run_id, approve=approve) == "failed":
            raise DemoFailed(self._explain(dag_id, run_id))

    def _explain(self, dag_id: str, run_id: str) -> str:
        failed = [task for task in self.engineer.tasks(dag_id, run_id) if task["state"] == "failed"]
        if not failed:
            return f"{dag_id} {run_id} failed without a failed task; look at {self.engineer.base_url}"
        task = failed[0]
        lines = self.engineer.log(dag_id, run_id, task["task_id"], task["try_number"])[-15:]
        events = "\n".join(f"    {line.get('event', line) if isinstance(line, dict) else line}" for line in lines)
        where = f"{dag_id}, task {task['task_id']}, attempt {task['try_number']}"
        return f"{where}:\n{events}\nThe runbook is dags/{MODEL}.py."

    def _state(self, dag_id: str, run_id: str, task_id: str) -> str | None:
        states: dict[str, str | None] = {task["task_id"]: task["state"] for task in self.engineer.tasks(dag_id, run_id)}
        return states[task_id]
