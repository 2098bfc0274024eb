import json

import pytest

from shamal.providers.triton import traffic
from shamal.providers.triton.errors import NothingToRollBackTo, VersionNotDeployed


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
