"""One life of a model through Airflow, as its Assets drive it."""

import time
from dataclasses import dataclass

from include.model_spec import load_model
from local.airflow_api import FINISHED
from local.bench.context import Bench, wait_for_dag
from local.bench.empty_tasks import moment
from local.bench.result import CannotMeasure
from local.demo.plan import Month
from local.demo.predictions import ask_grpc, flights_of

STAGES = ("ingest", "train", "release", "monitor")
RUN_SECONDS = 900
PREDICTIONS = 2000


@dataclass(frozen=True)
class Days:
    """The days of a life: rows are ingested from the first day to the end of the month that is watched."""

    first: str
    watched: Month


DAYS = {
    "flight_delays": Days("2013-01-01", Month("March 2013", "2013-03-01", "2013-03-31", "2013-04-01")),
    "seattle_weather": Days("2012-01-02", Month("December 2015", "2015-12-01", "2015-12-31", "2016-01-01")),
}


class Life:
    """The four DAGs of the model on the test stack.

    :param bench: names the model; the stack is started if it does not run.
    """

    def __init__(self, bench: Bench) -> None:
        self.settings = bench.stack.settings
        self.model = load_model(bench.model)
        self.days = DAYS[bench.model]
        self.engineer = bench.stack.api()
        self.approver = bench.stack.api("approver")

    def run(self) -> float:
        """Return the seconds from the trigger of ingest to the end of release, plus those of monitor.

        :raises CannotMeasure: a run did not come out as it must.
        """
        for stage in STAGES:
            wait_for_dag(self.engineer, self._dag(stage))
        self._forget_last_training()
        ingest = self._finish(
            "ingest", self._trigger("ingest", start_date=self.days.first, end_date=self.days.watched.last)
        )
        train = self._finish("train", self._started_by("train", ingest))
        release = self._finish("release", self._started_by("release", train))
        self._ask()
        monitor = self._finish("monitor", self._trigger("monitor", night=self.days.watched.night))
        return self._seconds(("ingest", ingest), ("release", release)) + self._seconds(
            ("monitor", monitor), ("monitor", monitor)
        )

    def _dag(self, stage: str) -> str:
        return f"{self.model.name}_{stage}"

    def _forget_last_training(self) -> None:
        """Clear what train remembers of its last candidate, or its cool-down would hold this life back."""
        name = f"{self.model.name}/candidate"
        assets = self.engineer.call("GET", "/assets", params={"name_pattern": name})["assets"]
        for asset in assets:
            if asset["name"] == name:
                self.engineer.call("DELETE", f"/assets/{asset['id']}/state-store")

    def _trigger(self, stage: str, **params: str) -> str:
        return self.engineer.trigger(self._dag(stage), params, note="make bench")

    def _started_by(self, stage: str, source_run_id: str, seconds: float = 60) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if run_id := self.engineer.run_started_by(self._dag(stage), source_run_id):
                return run_id
            time.sleep(0.5)
        raise CannotMeasure(f"no run of {self._dag(stage)} was started by {source_run_id} within {seconds:.0f} s")

    def _finish(self, stage: str, run_id: str) -> str:
        """Return the run's id once it has succeeded; approve what waits for an approval."""
        dag_id, deadline = self._dag(stage), time.monotonic() + RUN_SECONDS
        while (state := self.engineer.run(dag_id, run_id)["state"]) not in FINISHED:
            if task_id := self.engineer.awaits_approval(dag_id, run_id):
                self.approver.approve(dag_id, run_id, task_id)
            if time.monotonic() > deadline:
                break
            time.sleep(0.5)
        if state != "success":
            failed = [task["task_id"] for task in self.engineer.tasks(dag_id, run_id) if task["state"] == "failed"]
            raise CannotMeasure(f"{dag_id} {run_id} is {state} (failed: {failed}); look at {self.engineer.base_url}")
        return run_id

    def _seconds(self, first: tuple[str, str], last: tuple[str, str]) -> float:
        began, ended = (self.engineer.run(self._dag(stage), run_id) for stage, run_id in (first, last))
        return (moment(ended, "end_date") - moment(began, "queued_at")).total_seconds()

    def _ask(self) -> None:
        rows = flights_of(self.settings, self.model, self.days.watched, PREDICTIONS)
        ask_grpc(self.settings, self.model, rows)
        # The router closes a segment of its prediction log after this many seconds.
        time.sleep(3)
