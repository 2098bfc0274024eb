from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import TriggerRule

from include import assets
from include.model_spec import load_model
from include.stages import release

ASKED: Any = release.dag(load_model("flight_delays"))
UNASKED: Any = release.dag(load_model("seattle_weather"))


def test_a_person_approves_before_anything_is_deployed() -> None:
    order = [task.task_id for task in ASKED.topological_sort()]
    assert order == ["fetch", "news", "approval", "deploy", "route", "promote", "rollback"]
    assert [user["id"] for user in ASKED.get_task("approval").assigned_users] == ["approver"]


def test_no_approval_is_asked_where_the_spec_names_nobody() -> None:
    order = [task.task_id for task in UNASKED.topological_sort()]
    assert order == ["fetch", "news", "deploy", "route", "promote", "rollback"]


@pytest.mark.parametrize(("champion", "expected"), [(3, False), (2, True), (None, True)])
def test_the_champion_is_not_released_again(champion: int | None, expected: bool) -> None:
    ti = SimpleNamespace(xcom_pull=lambda task_id: {"fetch": {"version": 3, "champion": champion}}[task_id])
    assert ASKED.get_task("news").python_callable(ti) is expected


def test_a_change_over_that_fails_is_undone() -> None:
    rollback = ASKED.get_task("rollback")
    assert rollback.trigger_rule == TriggerRule.ONE_FAILED
    assert rollback.upstream_task_ids == {"route", "promote"}


def test_the_deployment_is_announced_once_the_alias_moved() -> None:
    assert [task.task_id for task in ASKED.tasks if task.outlets] == ["promote"]
    assert ASKED.get_task("promote").outlets == [assets.deployment("flight_delays")]
