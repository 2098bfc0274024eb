"""Promotions on the real Triton and the real MLflow: races, crashes, and servers that are away."""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from include.release import promotion
from shamal.providers.mlflow.errors import MlflowUnavailable
from shamal.providers.mlflow.hooks import registry
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.triton import releases
from shamal.providers.triton.errors import TritonUnavailable
from shamal.providers.triton.hooks.triton import TritonHook
from tests import rival
from tests.released_model import ReleasedModel, all_say

pytestmark = pytest.mark.integration

ROUNDS = 3  # of a hundred: tests/unit/include/test_promotion.py has them, with a registry in memory


@pytest.fixture
def model(airflow_connections: Any, tmp_path: Path) -> Iterator[ReleasedModel]:
    model = ReleasedModel(TritonHook(), MlflowRegistryHook(), tmp_path)
    yield model
    model.remove()


@pytest.fixture
def dead_port(airflow_connections: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer connections `triton_away` and `mlflow_away`: as the real ones, on a port where nobody listens."""
    for name in ("triton", "mlflow"):
        away = airflow_connections[f"{name}_default"] | {"port": 1}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}_AWAY", json.dumps(away))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


def test_of_two_promotions_at_once_one_wins(model: ReleasedModel) -> None:
    model.candidates(1, 2, 3)
    model.promote(1, None)
    champions = [1]
    with ProcessPoolExecutor(2, mp_context=rival.CONTEXT) as processes:
        for _ in range(ROUNDS):
            rivals = [version for version in (1, 2, 3) if version != champions[-1]]
            results = list(processes.map(rival.promote, [model.name] * 2, rivals, [champions[-1]] * 2))
            winners = [result for result in results if isinstance(result, int)]
            assert len(winners) == 1, results
            assert model.champions() == all_say(winners[0])
            champions += winners
    assert [entry["to"] for entry in model.releases.journal()] == champions


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_process_killed_at_any_step_leaves_one_champion_and_the_reconciler_finishes(
    model: ReleasedModel, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    model.candidates(1, 2)
    model.promote(1, None)
    monkeypatch.setattr(releases, "STALE_SECONDS", 0.0)
    monkeypatch.setattr(registry, "LOCK_EXPIRES", 1.0)
    champion = 1
    for step in rival.STEPS:
        candidate = 3 - champion
        dying = rival.CONTEXT.Process(target=rival.die, args=(step, after, model.name, candidate, champion))
        dying.start()
        dying.join(60)
        assert dying.exitcode == 9, step
        assert model.champions()["router"] in (champion, candidate), step
        model.reconcile()
        assert len(set(model.champions().values())) == 1, (step, model.champions())
        assert model.releases.intent() is None, step
        assert model.reconcile() == [], step
        champion = model.champions()["router"] or 0


@pytest.mark.usefixtures("dead_port")
def test_with_the_registry_away_nothing_is_promoted_and_a_rollback_works(model: ReleasedModel) -> None:
    model.candidates(1, 2, 3)
    model.promote(1, None)
    model.promote(2, 1)
    away = MlflowRegistryHook("mlflow_away")
    with pytest.raises(MlflowUnavailable):
        promotion.promote(model.triton, away, model.name, 3, 2, by="ada", reason="a test")
    assert model.champions() == all_say(2)
    done = promotion.rollback(model.triton, away, model.name, by="bob", reason="it is bad")
    assert (done["champion"], done["owed"]) == (1, ["champion"])
    assert model.champions() == all_say(1) | {"alias": 2}
    (found,) = model.reconcile()
    assert "owed since the rollback by bob" in found["found"]
    assert model.champions() == all_say(1)


@pytest.mark.usefixtures("dead_port")
def test_with_triton_away_nothing_is_promoted_and_a_rollback_is_there_at_the_next_start(model: ReleasedModel) -> None:
    model.candidates(1, 2, 3)
    model.promote(1, None)
    model.promote(2, 1)
    away = TritonHook("triton_away")
    with pytest.raises(TritonUnavailable):
        promotion.promote(away, model.mlflow, model.name, 3, 2, by="ada", reason="a test")
    done = promotion.rollback(away, model.mlflow, model.name, by="bob", reason="it is bad")
    assert (done["champion"], done["owed"]) == (1, [])
    approved = [name for name in model.triton.repository.approved() if name.startswith(model.name)]
    assert approved == [f"{model.name}__v1", model.name]
    assert model.releases.journal()[-1]["action"] == "rollback"
