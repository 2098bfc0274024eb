from collections import defaultdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from include import assets
from include.model_spec import load_model
from include.stages import train

MODEL = load_model("flight_delays")
DAG: Any = train.dag(MODEL)
DRIFT, CANDIDATE = assets.drift(MODEL.name), assets.candidate(MODEL.name)
MANUAL, TRIGGERED = SimpleNamespace(run_type="manual"), SimpleNamespace(run_type="asset_triggered")


class Memory(dict[str, Any]):
    """The state of one asset."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


def memory(**state: Any) -> dict[Any, Memory]:
    return {CANDIDATE: Memory(state)}


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


@pytest.mark.parametrize(
    ("run", "events", "state", "expected"),
    [
        (TRIGGERED, {}, {}, True),
        (TRIGGERED, {}, {"trained_at": ago(MODEL.training.cooldown_hours - 1)}, False),
        (TRIGGERED, {}, {"trained_at": ago(MODEL.training.cooldown_hours + 1)}, True),
        (TRIGGERED, {DRIFT: ["event"]}, {"trained_at": ago(0)}, True),
        (MANUAL, {}, {"trained_at": ago(0)}, True),
    ],
    ids=["never trained", "within the cool-down", "after the cool-down", "drift", "a person"],
)
def test_the_cool_down_holds_back_new_features_only(
    run: Any, events: dict[Any, Any], state: dict[str, str], expected: bool
) -> None:
    assert DAG.get_task("due").python_callable(run, defaultdict(list, events), memory(**state)) is expected


@pytest.mark.parametrize(
    ("run", "trained_on", "expected"), [(TRIGGERED, "d1", False), (TRIGGERED, "d0", True), (MANUAL, "d1", True)]
)
def test_nothing_is_trained_twice_on_one_training_set_unless_a_person_asks(
    run: Any, trained_on: str, expected: bool
) -> None:
    ti = SimpleNamespace(xcom_pull=lambda task_id: {"training_set": {"digest": "d1"}}[task_id])
    assert DAG.get_task("unseen").python_callable(run, memory(digest=trained_on), ti) is expected


def test_what_was_trained_on_is_remembered_for_the_next_run() -> None:
    state = memory()
    ti = SimpleNamespace(xcom_pull=lambda task_id: {"training_set": {"digest": "d1"}}[task_id])
    DAG.get_task("remember").python_callable(state, ti)
    assert not DAG.get_task("unseen").python_callable(TRIGGERED, state, ti)
    assert not DAG.get_task("due").python_callable(TRIGGERED, defaultdict(list), state)


def test_a_version_is_registered_only_after_its_gates() -> None:
    order = [task.task_id for task in DAG.topological_sort()]
    assert order == ["due", "window", "training_set", "unseen", "train", "evaluate", "register", "remember"]
    assert [task.task_id for task in DAG.tasks if task.outlets] == ["register"]
    assert DAG.get_task("evaluate").gates == MODEL.gates.definition()


def test_the_pod_writes_where_the_evaluation_reads() -> None:
    pod, evaluate = DAG.get_task("train"), DAG.get_task("evaluate")
    assert pod.output_folder == evaluate.training_output
    assert pod.training_set == evaluate.training_set
    assert pod.pool == "training"
