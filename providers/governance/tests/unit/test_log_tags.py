from types import SimpleNamespace

import httpx
import pytest
from airflow.sdk.execution_time.supervisor import WatchedSubprocess

from shamal.providers.governance.log_tags import TaggedTaskLog

LOG = "/logs/dag_id=churn/run_id=manual__2026/task_id=fit/attempt=2.log"
TRACE = "0123456789abcdef0123456789abcdef"


def logger(path):
    return SimpleNamespace(_file=SimpleNamespace(name=path))


class Supervisor(WatchedSubprocess):
    """Writes a line as Airflow's supervisors do: from one of its methods."""

    def __init__(self, *, user="ada", run_type="manual", tags=("model:churn", "classification:public"), error=None):
        self.asked = 0
        self.ti = SimpleNamespace(context_carrier={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
        self.client = SimpleNamespace(
            dag_runs=SimpleNamespace(get_detail=self._run), dags=SimpleNamespace(get=self._dag)
        )
        self._answer = SimpleNamespace(triggering_user_name=user, run_type=run_type)
        self._tags, self._error = tags, error

    def _run(self, dag_id, run_id):
        self.asked += 1
        if self._error:
            raise self._error
        return self._answer

    def _dag(self, dag_id):
        return SimpleNamespace(tags=list(self._tags))

    def write(self, log, path=LOG, **event):
        return log.tag(logger(path), "info", {"event": "x", **event})


def test_a_line_is_tagged_and_the_server_asked_once():
    supervisor, log = Supervisor(), TaggedTaskLog()

    line = supervisor.write(log)
    supervisor.write(log)

    assert line == {
        "event": "x",
        "dag_id": "churn",
        "run_id": "manual__2026",
        "task_id": "fit",
        "try_number": 2,
        "actor": "ada",
        "model": "churn",
        "classification": "public",
        "trace_id": TRACE,
    }
    assert supervisor.asked == 1


def test_a_task_cannot_forge_a_tag():
    assert Supervisor().write(TaggedTaskLog(), actor="root", model="other")["actor"] == "ada"


@pytest.mark.parametrize(
    ("user", "run_type", "actor"),
    [
        (None, "scheduled", "scheduler"),
        (None, "asset_triggered", "asset"),
        (None, "manual", "manual"),
        ("bob", "backfill", "bob"),
    ],
)
def test_actor(user, run_type, actor):
    assert Supervisor(user=user, run_type=run_type).write(TaggedTaskLog())["actor"] == actor


def test_a_dag_of_no_model():
    line = Supervisor(tags=()).write(TaggedTaskLog())

    assert (line["model"], line["classification"]) == ("-", "-")


def test_an_api_server_that_is_away_costs_no_line():
    line = Supervisor(error=httpx.ConnectError("refused")).write(TaggedTaskLog())

    assert (line["actor"], line["model"], line["dag_id"]) == ("unknown", "unknown", "churn")


def test_without_a_carrier_the_trace_is_the_same_for_every_task_of_the_run():
    log = TaggedTaskLog()
    first, second = Supervisor(), Supervisor()
    first.ti = second.ti = SimpleNamespace(context_carrier=None)

    one = first.write(log)
    other = second.write(log, path=LOG.replace("task_id=fit", "task_id=predict"))

    assert one["trace_id"] == other["trace_id"]
    assert len(one["trace_id"]) == 32


def test_a_trigger_s_log_takes_the_trace_of_its_own_task_instance():
    supervisor = Supervisor()
    supervisor.ti = None
    path = f"{LOG}.trigger.7.log"
    carrier = {"traceparent": f"00-{'f' * 32}-00f067aa0ba902b7-01"}
    supervisor.logger_cache = {
        1: SimpleNamespace(log_path="dag_id=other", ti=None),
        2: SimpleNamespace(log_path=path.removeprefix("/logs/"), ti=SimpleNamespace(context_carrier=carrier)),
    }

    line = supervisor.write(TaggedTaskLog(), path=path)

    assert (line["task_id"], line["try_number"], line["trace_id"]) == ("fit", 2, "f" * 32)


@pytest.mark.parametrize("path", ["<stdout>", 1, None, "/logs/dag_processor/latest/x.log"])
def test_lines_of_other_logs_stay_as_they_are(path):
    assert TaggedTaskLog().tag(logger(path), "info", {"event": "x"}) == {"event": "x"}


def test_a_finished_attempt_is_forgotten():
    supervisor, log = Supervisor(), TaggedTaskLog()
    supervisor.write(log)
    log.upload(LOG.removeprefix("/logs/"))
    supervisor.write(log)

    assert supervisor.asked == 2


def test_mapped_tasks():
    path = LOG.replace("attempt", "map_index=3/attempt")

    assert Supervisor().write(TaggedTaskLog(), path=path)["task_id"] == "fit"
