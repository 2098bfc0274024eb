import json
import time
from dataclasses import replace

import pytest

from shamal.providers.triton import releases, traffic
from shamal.providers.triton.errors import InvalidDeployment, ReleaseOvertaken, ReleaseUnderWay, VersionNotDeployed
from shamal.providers.triton.releases import Releases
from shamal.providers.triton.repository import ModelRepository
from shamal.providers.triton.router.route import Route


@pytest.fixture
def served(triton, deploy):
    """Return the releases of a model whose versions 1 and 2 were champion."""
    for version in (1, 2):
        deploy(version)
        traffic.route(triton, "churn", version, by="ada", reason="a test")
    return Releases(triton.repository, "churn")


def test_a_change_that_began_holds_others_up_until_it_is_finished(served):
    route = served.repository.route("churn")
    intent = served.begin("promote", route, 3, "ada", "approved")
    with pytest.raises(ReleaseUnderWay, match="promotion to version 3 by ada began 0 s ago"):
        served.begin("promote", route, 4, "bob", "approved")
    entry = served.finish(intent)
    assert (entry["action"], entry["from"], entry["to"], entry["generation"]) == ("promote", 2, 3, 3)
    assert served.finish(intent) == entry, "a second attempt writes no second line"
    assert served.intent() is None
    assert served.begin("promote", route, 4, "bob", "approved").target == 4


def test_a_second_attempt_goes_on_and_the_first_is_refused(served):
    route = served.repository.route("churn")
    first = served.begin("promote", route, 3, "ada", "approved")
    second = served.begin("promote", route, 3, "ada", "approved")
    for step in (served.require, served.drop, served.finish, served.take_over):
        with pytest.raises(ReleaseOvertaken, match="under way is the promotion to version 3 by ada"):
            step(first)
    served.require(second)
    served.drop(second)
    assert [entry["to"] for entry in served.journal()] == [1, 2]


def test_a_rollback_waits_for_nobody(served):
    route = served.repository.route("churn")
    promotion = served.begin("promote", route, 3, "ada", "approved")
    served.begin("rollback", route, 1, "bob", "it is bad")
    with pytest.raises(ReleaseOvertaken, match="rollback to version 1 by bob"):
        served.require(promotion)


def test_the_committed_route_is_what_the_last_promotion_or_rollback_left(triton, served):
    assert served.committed() == Route(2, 1, {2: 1.0}, generation=2)
    served.repaired(7, 2, "reconciler", "a repair decides nothing", 9)
    assert served.committed() == Route(2, 1, {2: 1.0}, generation=2)
    traffic.rollback(triton, "churn", by="bob", reason="it is bad")
    assert served.committed() == Route(1, None, {1: 1.0}, rolled_back=2, generation=3)


def test_a_line_that_a_power_cut_left_unfinished_is_no_line(served):
    path = served.repository.root / "churn" / "releases.jsonl"
    with path.open("a") as file:
        file.write('{"time": 1, "action": "prom')
    assert [entry["to"] for entry in served.journal()] == [1, 2]
    served.repaired(None, 2, "reconciler", "a test", 3)
    assert [json.loads(line)["action"] for line in path.read_text().splitlines()] == ["promote", "promote", "repair"]


@pytest.mark.parametrize("text", [None, "{", '{"champion": 9}', '{"champion": 2, "previous": 9, "generation": 44}'])
def test_a_route_changed_by_hand_is_put_back_above_every_generation(served, text):
    path = served.repository.root / "churn" / "router.json"
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    _, route = served.restore()
    assert served.repository.route("churn") == route == replace(served.committed(), generation=route.generation)
    assert route.generation > time.time() - 60
    assert served.restore() is None


def test_a_candidates_share_is_no_change_by_hand_and_a_change_under_way_is_left_alone(served):
    route = served.repository.route("churn")
    path = served.repository.root / "churn" / "router.json"
    path.write_text(replace(route, weights={2: 0.5, 3: 0.5}, expires=time.time() + 20, generation=3).to_json())
    assert served.restore() is None
    served.begin("promote", route, 3, "ada", "approved")
    path.write_text('{"champion": 9}')
    assert served.restore() is None


def test_a_champion_without_a_folder_is_not_put_back(served):
    (served.repository.root / "churn" / "router.json").write_text("{")
    served.repository.remove_version("churn", 2)
    with pytest.raises(VersionNotDeployed, match="version 2"):
        served.restore()


def test_models_are_those_served_recorded_or_begun(served, tmp_path):
    Releases(served.repository, "fraud").begin("promote", None, 1, "ada", "approved")
    assert releases.models(served.repository) == ["churn", "fraud"]
    (served.repository.root / "churn" / "router.json").unlink()
    assert releases.models(served.repository) == ["churn", "fraud"], "it was served and can be again"
    for version in (1, 2):
        served.repository.remove_version("churn", version)
    assert releases.models(served.repository) == ["fraud"]
    assert releases.models(ModelRepository(tmp_path / "none")) == []


def test_an_intent_of_a_name_that_cannot_be_is_refused(served):
    with pytest.raises(InvalidDeployment):
        Releases(served.repository, "../churn").begin("promote", None, 1, "ada", "approved")
