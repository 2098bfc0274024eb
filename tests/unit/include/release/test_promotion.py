from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include.release import promotion
from shamal.providers.mlflow.errors import AliasConflict, MlflowUnavailable, VersionNotFound
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.mlflow.testing import FakeMlflow
from shamal.providers.triton import releases, traffic
from shamal.providers.triton.errors import (
    ChampionChanged,
    ReleaseOvertaken,
    ReleaseUnderWay,
    RouteChanged,
    TrafficNotRouted,
)
from shamal.providers.triton.releases import Releases
from shamal.providers.triton.repository import ModelRepository
from shamal.providers.triton.testing import FakeTriton
from tests.released_model import ReleasedModel, all_say


class Crash(BaseException):
    """What no code of ours handles, as a killed process."""


@pytest.fixture
def model(tmp_path: Path) -> ReleasedModel:
    return ReleasedModel(FakeTriton(tmp_path), FakeMlflow(tmp_path / "mlflow"), tmp_path / "trained", "churn")


def actions(model: ReleasedModel) -> list[tuple[str, int | None, int]]:
    return [(entry["action"], entry["from"], entry["to"]) for entry in model.releases.journal()]


def test_router_alias_and_journal_agree_after_a_promotion_and_its_repetition(model: ReleasedModel) -> None:
    model.candidates(1, 2)
    model.promote(1, None)
    for _ in range(2):
        assert model.promote(2, 1) == {"model": "churn", "version": 2, "previous": 1, "generation": 2}
    assert model.champions() == all_say(2)
    assert actions(model) == [("promote", None, 1), ("promote", 1, 2)]
    entry = model.releases.journal()[-1]
    assert (entry["by"], entry["reason"], entry["generation"]) == ("ada", "a test", 2)
    assert model.releases.intent() is None
    assert model.reconcile() == []


def test_a_promotion_that_compared_with_another_champion_moves_nothing(model: ReleasedModel) -> None:
    model.candidates(1, 2, 3)
    model.promote(1, None)
    model.promote(2, 1)
    with pytest.raises(AliasConflict, match="points to version 2, expected 1"):
        model.promote(3, 1)
    traffic.rollback(model.triton, model.name)  # the alias is owed
    with pytest.raises(ChampionChanged, match="version 1 answers requests, version 3 was compared with 2"):
        model.promote(3, 2)
    with pytest.raises(VersionNotFound):
        model.promote(9, 2)
    assert (model.champions()["router"], model.releases.intent()) == (1, None)


def test_an_alias_moved_by_hand_meanwhile_takes_the_traffic_back(model: ReleasedModel, monkeypatch: Any) -> None:
    model.candidates(1, 2, 3)
    model.promote(1, None)
    switch = traffic.switch

    def meanwhile(*arguments: Any) -> None:
        switch(*arguments)
        model.mlflow.point("churn", 3, "champion", lambda: None)

    monkeypatch.setattr(traffic, "switch", meanwhile)
    with pytest.raises(AliasConflict, match="points to version 3"):
        model.promote(2, 1)
    assert model.champions() == all_say(1) | {"alias": 3}
    assert actions(model) == [("promote", None, 1), ("repair", 2, 1)]
    (found,) = model.reconcile()
    assert "moved by hand" in found["found"]
    assert model.champions() == all_say(1)


def test_a_first_promotion_that_fails_leaves_no_champion(model: ReleasedModel, monkeypatch: Any) -> None:
    model.candidates(1)

    def refuse(*_: Any) -> None:
        raise TrafficNotRouted("the router does not follow")

    with monkeypatch.context() as patch:
        patch.setattr(traffic, "confirm", refuse)
        with pytest.raises(TrafficNotRouted):
            model.promote(1, None)
    assert model.triton.repository.route("churn") is None
    assert model.triton.repository.approved() == []
    model.promote(1, None)
    assert model.champions() == all_say(1)


STEPS: list[tuple[Any, str]] = [
    (MlflowRegistryHook, "alias_version"),
    (Releases, "begin"),
    (FakeTriton, "ready"),
    (Releases, "require"),
    (ModelRepository, "write_route"),
    (ModelRepository, "approve"),
    (traffic, "confirm"),
    (MlflowRegistryHook, "promote"),
    (Releases, "finish"),
    (Releases, "_append"),
    (Releases, "_forget"),
    (FakeTriton, "unload"),
]


def crash_at(monkeypatch: Any, owner: Any, name: str, *, after: bool) -> None:
    step: Callable[..., Any] = getattr(owner, name)

    def crash(*arguments: Any, **named: Any) -> None:
        if after:
            step(*arguments, **named)
        raise Crash

    monkeypatch.setattr(owner, name, crash)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "name"), STEPS, ids=[name for _, name in STEPS])
@pytest.mark.parametrize("who", ["the reconciler", "a retry"])
def test_a_crash_at_any_step_leaves_one_champion_and_what_follows_finishes(
    model: ReleasedModel, monkeypatch: Any, owner: Any, name: str, after: bool, who: str
) -> None:
    model.candidates(1, 2, 3)
    model.promote(1, None)
    model.promote(2, 1)
    with monkeypatch.context() as patch:
        crash_at(patch, owner, name, after=after)
        with pytest.raises(Crash):
            model.promote(3, 2)
    assert model.champions()["router"] in (2, 3)
    if who == "a retry":
        model.promote(3, 2)
        assert model.champions() == all_say(3)
    else:
        monkeypatch.setattr(releases, "STALE_SECONDS", 0.0)
        model.reconcile()
    version = model.champions()["router"]
    assert version in (2, 3)
    assert model.champions() == all_say(version)
    assert [action for action in actions(model) if action[0] != "repair"] == [
        ("promote", None, 1),
        ("promote", 1, 2),
        *([("promote", 2, 3)] if version == 3 else []),
    ]
    assert model.releases.intent() is None
    assert model.reconcile() == []


def test_who_stood_still_is_refused_at_every_step(model: ReleasedModel, monkeypatch: Any) -> None:
    model.candidates(1, 2)
    model.promote(1, None)
    monkeypatch.setattr(releases, "STALE_SECONDS", 0.0)
    begin, promote = traffic.begin, MlflowRegistryHook.promote

    def stands_still_before_the_route(*arguments: Any, **named: Any) -> Any:
        intent = begin(*arguments, **named)
        model.reconcile()
        return intent

    with monkeypatch.context() as patch:
        patch.setattr(traffic, "begin", stands_still_before_the_route)
        with pytest.raises((RouteChanged, ReleaseOvertaken)):
            model.promote(2, 1)
    assert model.champions() == all_say(1)

    def stands_still_before_the_alias(*arguments: Any, **named: Any) -> Any:
        model.reconcile()
        promotion.rollback(model.triton, model.mlflow, "churn", by="bob", reason="it is bad")
        return promote(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowRegistryHook, "promote", stands_still_before_the_alias)
        with pytest.raises(ReleaseOvertaken, match="taken over"):
            model.promote(2, 1)
    assert model.champions() == all_say(1)
    decided = [action for action in actions(model) if action[0] != "repair"]
    assert decided == [("promote", None, 1), ("promote", 1, 2), ("rollback", 2, 1)]


def test_of_two_promotions_at_once_one_wins_a_hundred_times(tmp_path: Path) -> None:
    mlflow = FakeMlflow(tmp_path / "mlflow")

    def attempt(model: ReleasedModel, version: int) -> Any:
        mine = replace(model, triton=FakeTriton(tmp_path))  # as another process: the files are all they share
        try:
            return mine.promote(version, 1, f"release {version}")["version"]
        except (AliasConflict, ChampionChanged, ReleaseUnderWay, RouteChanged, ReleaseOvertaken) as error:
            return error

    with ThreadPoolExecutor(2) as threads:
        for round_ in range(100):
            model = ReleasedModel(FakeTriton(tmp_path), mlflow, tmp_path / "trained", f"churn{round_}")
            model.candidates(1, 2, 3)
            model.promote(1, None)
            results = list(threads.map(lambda version, model=model: attempt(model, version), (2, 3)))
            winners = [result for result in results if isinstance(result, int)]
            assert len(winners) == 1, results
            assert model.champions() == all_say(winners[0])
            assert actions(model) == [("promote", None, 1), ("promote", 1, winners[0])]
            assert model.releases.intent() is None


def test_a_registry_that_goes_away_owes_the_alias(model: ReleasedModel, monkeypatch: Any) -> None:
    model.candidates(1, 2)
    model.promote(1, None)

    def away(*_: Any, **__: Any) -> None:
        raise MlflowUnavailable("MLflow does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(MlflowRegistryHook, "promote", away)
        with pytest.raises(MlflowUnavailable):
            model.promote(2, 1)
    assert model.champions() == {"router": 2, "route": 2, "alias": 1, "journal": 1}
    monkeypatch.setattr(releases, "STALE_SECONDS", 0.0)
    assert [found["model"] for found in model.reconcile()] == ["churn", "churn"]
    assert model.champions() == all_say(2)
    assert model.promote(2, 1)["previous"] == 1  # the task's retry


def test_a_rollback_without_a_registry_owes_the_alias(model: ReleasedModel, monkeypatch: Any) -> None:
    model.candidates(1, 2)
    model.promote(1, None)
    model.promote(2, 1)

    def away(*_: Any, **__: Any) -> None:
        raise MlflowUnavailable("MLflow does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(MlflowRegistryHook, "point", away)
        done = promotion.rollback(model.triton, model.mlflow, "churn", by="bob", reason="it is bad")
    assert done == {"model": "churn", "champion": 1, "previous": None, "rolled_back": 2, "owed": ["champion"]}
    (found,) = model.reconcile()
    assert "owed since the rollback by bob" in found["found"]
    assert model.champions() == all_say(1)
    assert promotion.rollback(model.triton, model.mlflow, "churn", by="bob", reason="again")["owed"] == []


def test_a_rollback_takes_the_place_of_a_promotion_under_way(model: ReleasedModel, monkeypatch: Any) -> None:
    model.candidates(1, 2)
    model.promote(1, None)
    promote = MlflowRegistryHook.promote

    def meanwhile(*arguments: Any, **named: Any) -> Any:
        promotion.rollback(model.triton, model.mlflow, "churn", by="bob", reason="it is bad")
        return promote(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowRegistryHook, "promote", meanwhile)
        with pytest.raises(ReleaseOvertaken):
            model.promote(2, 1)
    assert model.champions() == all_say(1)
    assert model.reconcile() == []
