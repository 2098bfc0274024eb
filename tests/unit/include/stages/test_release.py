from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import TriggerRule

from include import assets
from include.model_spec import load_model
from include.release import page, promotion
from include.stages import release
from shamal.providers.feast.hooks.feast import FeastHook
from shamal.providers.mlflow.errors import GateDenied
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.triton.hooks.triton import TritonHook

ASKED: Any = release.dag(load_model("flight_delays"))
UNASKED: Any = release.dag(load_model("seattle_weather"))


def test_a_person_approves_before_anything_is_deployed() -> None:
    order = [task.task_id for task in ASKED.topological_sort()]
    asked = ["fetch", "news", "evidence", "approval"]
    assert order == [*asked, "deploy", "serve_by_key", "benchmark", "canary", "promote", "rollback", "announce"]
    assert [user["id"] for user in ASKED.get_task("approval").assigned_users] == ["approver"]


def test_no_approval_and_no_canary_where_the_spec_names_none() -> None:
    order = [task.task_id for task in UNASKED.topological_sort()]
    assert order == ["fetch", "news", "deploy", "serve_by_key", "benchmark", "promote", "rollback", "announce"]


def test_the_canary_is_the_spec_s_and_may_take_its_time() -> None:
    canary, rollout = ASKED.get_task("canary"), load_model("flight_delays").rollout
    assert rollout is not None
    assert canary.steps == [step.model_dump() for step in rollout.steps]
    longest = sum(step.seconds + rollout.hold_seconds for step in rollout.steps)
    assert canary.execution_timeout.total_seconds() > longest


def test_the_version_is_served_as_its_spec_says() -> None:
    deploy, serving = ASKED.get_task("deploy"), load_model("flight_delays").serving
    assert (deploy.instances, deploy.warm_up_p99_ms) == (serving.instances, serving.warm_up_p99_ms)


@pytest.mark.parametrize(("champion", "expected"), [(3, False), (2, True), (None, True)])
def test_the_champion_is_not_released_again(champion: int | None, expected: bool) -> None:
    ti = SimpleNamespace(xcom_pull=lambda task_id: {"fetch": {"version": 3, "champion": champion}}[task_id])
    assert ASKED.get_task("news").python_callable(ti) is expected


def test_a_change_over_that_fails_is_undone() -> None:
    rollback = ASKED.get_task("rollback")
    assert rollback.trigger_rule == TriggerRule.ONE_FAILED
    assert rollback.upstream_task_ids == {"canary", "promote"}


def test_a_release_that_was_rolled_back_is_a_failed_run() -> None:
    ends = {task.task_id for task in ASKED.tasks if not task.downstream_task_ids}
    assert ends == {"announce", "rollback"}
    assert ASKED.get_task("announce").trigger_rule == TriggerRule.ALL_SUCCESS


def test_the_deployment_is_announced_after_the_promotion() -> None:
    announce = ASKED.get_task("announce")
    assert [task.task_id for task in ASKED.tasks if task.outlets] == ["announce"]
    assert announce.outlets == [assets.deployment("flight_delays")]
    assert announce.python_callable(SimpleNamespace(xcom_pull={"promote": {"version": 3}}.__getitem__)) == {
        "version": 3
    }


@pytest.mark.parametrize(("dag", "by"), [(ASKED, "approver"), (UNASKED, "no approval is asked")])
def test_the_journal_says_who_approved(dag: Any, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(promotion, "promote", lambda *_, **named: given.update(named))
    promote(dag, monkeypatch, waived_until="9999-12-31")
    assert given == {"by": by, "reason": "release, run r1"}


def test_a_waiver_that_expired_since_the_evaluation_stops_the_promotion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promotion, "promote", lambda *_, **__: pytest.fail("promoted"))
    with pytest.raises(GateDenied, match="version 3 passed max_brier by waivers that have expired"):
        promote(ASKED, monkeypatch, waived_until="2013-01-01")


def promote(dag: Any, monkeypatch: pytest.MonkeyPatch, waived_until: str) -> None:
    verdicts = [{"gate": "max_brier", "waived_until": waived_until}, {"gate": "min_roc_auc", "waived_until": None}]
    monkeypatch.setattr(MlflowRegistryHook, "read_json", lambda *_: {"verdicts": verdicts})
    results = {
        "fetch": {"version": 3, "champion": 2, "run_id": "f00"},
        "approval": {"responded_by_user": {"id": "approver", "name": "approver"}},
    }
    ti = SimpleNamespace(xcom_pull=results.__getitem__)
    dag.get_task("promote").python_callable(ti, SimpleNamespace(dag_id="release", run_id="r1"))


def test_a_version_s_features_can_be_found_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []
    monkeypatch.setattr(FeastHook, "serving_features", lambda _, *names, **given: {"names": names, **given})
    monkeypatch.setattr(TritonHook, "repository", SimpleNamespace(write_features=lambda *parts: written.append(parts)))
    ti = SimpleNamespace(xcom_pull=lambda task_id: {"version": 3})
    ASKED.get_task("serve_by_key").python_callable(ti)
    ((model, version, document),) = written
    assert (model, version, document["names"]) == ("flight_delays", 3, ("flight_delays", "flight_delays_v1"))
    features = load_model("flight_delays").features
    assert (document["columns"], document["on_missing"]) == (features.columns, features.on_missing)


def test_the_page_is_made_of_the_version_s_own_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_json(_: Any, run_id: str, name: str) -> dict[str, str]:
        return {"of": f"{name} of {run_id}"}

    monkeypatch.setattr(MlflowRegistryHook, "read_json", read_json)
    monkeypatch.setattr(MlflowRegistryHook, "run_tags", lambda *_: {"tag": "value"})
    monkeypatch.setattr(page, "page", lambda *parts: repr(parts))
    ti = SimpleNamespace(xcom_pull=lambda task_id: {"run_id": "f00"})
    evidence = ASKED.get_task("evidence").python_callable
    by_person = evidence(ti, SimpleNamespace(triggering_user_name="engineer"))
    assert by_person == repr(({"run_id": "f00"}, {"of": "gates.json of f00"}, {"tag": "value"}, "engineer"))
    assert "'the new candidate'" in evidence(ti, SimpleNamespace(triggering_user_name=None))
