import json

import numpy as np
import pytest

from shamal.providers.triton import traffic
from shamal.providers.triton.errors import (
    GoldenMismatch,
    NothingToRollBackTo,
    ReleaseOvertaken,
    RouteChanged,
    TrafficNotRouted,
    VersionNotDeployed,
)
from shamal.providers.triton.releases import Releases
from shamal.providers.triton.router.route import Route


def test_routing_keeps_the_previous_version_unloads_older_ones_and_approves_the_set(triton, deploy):
    for version in (1, 2, 3):
        deploy(version)
        traffic.route(triton, "churn", version, by="ada", reason="a test")
    assert traffic.route(triton, "churn", 3, by="ada", reason="a test") == {
        "model": "churn",
        "champion": 3,
        "previous": 2,
    }
    assert sorted(triton.loaded) == ["churn", "churn__v2", "churn__v3"]
    approved = json.loads((triton.repository.root / "approved.json").read_text())
    assert approved == {"load": ["churn__v2", "churn__v3", "churn"]}


def test_a_version_without_a_folder_gets_no_traffic(triton):
    with pytest.raises(VersionNotDeployed, match="DeployModelOperator"):
        traffic.route(triton, "churn", 1, by="ada", reason="a test")


def test_rollback_is_done_once_however_often_it_is_asked_for(triton, deploy):
    for version in (1, 2):
        deploy(version)
        traffic.route(triton, "churn", version, by="ada", reason="a test")
    done = {"model": "churn", "champion": 1, "previous": None, "rolled_back": 2}
    assert [traffic.rollback(triton, "churn", by="ada", reason="a test") for _ in range(2)] == [done, done]
    assert not triton.ready("churn__v2")


def test_rollback_of_a_version_that_never_took_traffic_changes_nothing(triton, deploy):
    for version in (1, 2):
        deploy(version)
        traffic.route(triton, "churn", version, by="ada", reason="a test")
    assert traffic.rollback(triton, "churn", version=3, by="ada", reason="a test")["champion"] == 2


def test_rollback_without_a_previous_version_is_refused(triton, deploy):
    with pytest.raises(NothingToRollBackTo):
        traffic.rollback(triton, "churn", by="ada", reason="a test")
    deploy(1)
    traffic.route(triton, "churn", 1, by="ada", reason="a test")
    with pytest.raises(NothingToRollBackTo, match="version 1 only"):
        traffic.rollback(triton, "churn", by="ada", reason="a test")


def test_a_model_served_before_there_was_a_journal_begins_one(triton, deploy):
    for version in (1, 2, 3):
        deploy(version)
        traffic.route(triton, "churn", min(version, 2), by="ada", reason="a test")
    (triton.repository.root / "churn" / "releases.jsonl").unlink()
    traffic.route(triton, "churn", 3, by="ada", reason="approved")
    entries = Releases(triton.repository, "churn").journal()
    assert [(entry["from"], entry["to"], entry["by"]) for entry in entries] == [(1, 2, "unknown"), (2, 3, "ada")]


def test_a_router_that_answers_wrongly_keeps_its_former_version(triton, deploy, monkeypatch):
    for version in (1, 2):
        deploy(version)
    traffic.route(triton, "churn", 1)
    answer = triton.infer

    def wrong(name, features, **named):
        found = answer(name, features, **named)
        return found | {"score": found["score"] + (name == "churn" and 2 in found["model_version"])}

    monkeypatch.setattr(triton, "infer", wrong)
    with pytest.raises(GoldenMismatch):
        traffic.route(triton, "churn", 2)
    assert triton.repository.route("churn").champion == 1
    assert Releases(triton.repository, "churn").intent() is None


def test_a_rollback_needs_no_server(triton, deploy):
    for version in (1, 2):
        deploy(version)
        traffic.route(triton, "churn", version)
    triton.live = False
    assert traffic.rollback(triton, "churn", by="bob", reason="it is bad")["champion"] == 1
    assert json.loads((triton.repository.root / "approved.json").read_text()) == {"load": ["churn__v1", "churn"]}
    assert Releases(triton.repository, "churn").journal()[-1]["by"] == "bob"


def test_a_rollback_of_a_route_changed_by_hand_puts_the_last_release_back(triton, deploy):
    for version in (1, 2, 3):
        deploy(version)
    traffic.route(triton, "churn", 1)
    traffic.route(triton, "churn", 2)
    for text in ('{"champion": 3, "previous": 1}', "{"):
        (triton.repository.root / "churn" / "router.json").write_text(text)
        assert traffic.rollback(triton, "churn")["champion"] == 2
    assert traffic.rollback(triton, "churn")["champion"] == 1


def test_a_rollback_stays_when_the_router_does_not_follow(triton, deploy, monkeypatch):
    for version in (1, 2):
        deploy(version)
        traffic.route(triton, "churn", version)
    stuck = triton.infer("churn", np.zeros((1, 4)))
    monkeypatch.setattr(triton, "infer", lambda *_, **__: stuck)
    with pytest.raises(TrafficNotRouted, match="answers with version 2 and not 1"):
        traffic.rollback(triton, "churn", timeout=0.1)
    assert triton.repository.route("churn").champion == 1


def test_a_canary_that_renews_its_share_does_not_stop_a_rollback(triton, deploy, monkeypatch):
    for version in (1, 2):
        deploy(version)
        traffic.route(triton, "churn", version)
    repository, begin = triton.repository, Releases.begin
    renewals = iter(range(2))

    def renewed_meanwhile(self, *arguments):
        intent = begin(self, *arguments)
        if next(renewals, None) is not None:
            route = repository.route("churn")
            repository.write_route("churn", route, route, triton.prediction_log, 2.0)
        return intent

    monkeypatch.setattr(Releases, "begin", renewed_meanwhile)
    assert traffic.rollback(triton, "churn")["champion"] == 1


@pytest.mark.parametrize("action", ["promote", "rollback"])
def test_a_change_left_behind_goes_on_when_its_route_is_written_and_back_when_not(triton, deploy, action):
    for version in (1, 2, 3):
        deploy(version)
    traffic.route(triton, "churn", 1)
    traffic.route(triton, "churn", 2)
    releases, repository = Releases(triton.repository, "churn"), triton.repository
    target = 3 if action == "promote" else 1
    before = repository.route("churn")
    intent = releases.begin(action, before, target, "ada", "approved")
    assert traffic.settle(triton, "churn", intent) == "taken away, it had changed nothing"
    with pytest.raises(RouteChanged):  # its owner wakes up
        repository.write_route("churn", before, Route(target), triton.prediction_log, 2.0)
    before = repository.route("churn")
    intent = releases.begin(action, before, target, "ada", "approved")
    repository.write_route("churn", before, Route(target, None, {target: 1.0}), triton.prediction_log, 2.0)
    assert traffic.settle(triton, "churn", intent) == "finished, its route was written"
    assert releases.committed().champion == repository.route("churn").champion == target
    with pytest.raises(ReleaseOvertaken):
        releases.require(intent)
