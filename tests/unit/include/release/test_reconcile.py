import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include.release import reconcile
from shamal.providers.mlflow.errors import MlflowUnavailable
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.mlflow.testing import FakeMlflow
from shamal.providers.triton import releases, traffic
from shamal.providers.triton.releases import Releases
from shamal.providers.triton.testing import FakeTriton
from tests.released_model import ReleasedModel, all_say


@pytest.fixture
def model(tmp_path: Path) -> ReleasedModel:
    """Return a model whose champion is version 2."""
    model = ReleasedModel(FakeTriton(tmp_path), FakeMlflow(tmp_path / "mlflow"), tmp_path / "trained", "churn")
    model.candidates(1, 2)
    model.promote(1, None)
    model.promote(2, 1)
    return model


def mlflow_away(monkeypatch: Any) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise MlflowUnavailable("MLflow does not answer")

    monkeypatch.setattr(MlflowRegistryHook, "alias_version", away)


def test_nothing_is_found_where_all_agree(model: ReleasedModel) -> None:
    assert model.reconcile() == []


@pytest.mark.parametrize("text", [None, "{", '{"champion": 1}', '{"champion": 2, "previous": 7, "generation": 2}'])
def test_a_route_changed_by_hand_is_put_back_and_written_down(model: ReleasedModel, text: str | None) -> None:
    path = model.triton.repository.root / "churn" / "router.json"
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    found = model.reconcile()[0]
    assert (found["model"], found["action"]) == ("churn", "the last release is back")
    assert model.champions() == all_say(2)
    assert model.triton.repository.route("churn").previous == 1  # type: ignore[union-attr]
    entry = model.releases.journal()[-1]
    assert (entry["action"], entry["to"], entry["by"]) == ("repair", 2, "reconciler")
    assert model.reconcile() == []


def test_an_alias_moved_by_hand_follows_the_version_that_answers(model: ReleasedModel) -> None:
    model.candidates(3)
    model.mlflow.point("churn", 3, "champion", lambda: None)
    (found,) = model.reconcile()
    assert found["found"] == "alias champion pointed to version 3, it was moved by hand"
    assert model.champions() == all_say(2)


def test_what_the_route_needs_is_loaded_and_what_nothing_needs_is_unloaded(model: ReleasedModel) -> None:
    for name in ("churn", "churn__v1", "churn__v2"):
        model.triton.unload(name)
    model.candidates(3)
    assert [found["found"] for found in model.reconcile()] == [
        "churn__v1 was not loaded",
        "churn__v2 was not loaded",
        "churn was not loaded",
    ]
    assert model.triton.ready("churn__v3"), "a version just deployed is on its way"
    folder = model.triton.repository.root / "churn__v3"
    hour_ago = time.time() - 3601
    os.utime(folder, (hour_ago, hour_ago))
    canary = model.triton.repository.root / "churn" / "canary.json"
    canary.write_text("{}")
    assert model.reconcile() == []
    canary.unlink()
    (found,) = model.reconcile()
    assert found == {"model": "churn", "found": "churn__v3 was loaded, no route names it", "action": "unloaded"}
    assert not model.triton.ready("churn__v3")


def test_a_canarys_share_is_left_alone(model: ReleasedModel) -> None:
    model.candidates(3)
    repository = model.triton.repository
    route = repository.route("churn")
    assert route is not None
    share = replace(route, weights={2: 0.9, 3: 0.1}, expires=time.time() + 20, arms={3: "candidate"})
    share = repository.write_route("churn", route, share, model.triton.prediction_log, 2.0)
    repository.approve()
    assert model.reconcile() == []
    assert repository.route("churn") == share


def test_what_to_load_at_a_restart_is_written_again(model: ReleasedModel) -> None:
    path = model.triton.repository.root / "approved.json"
    path.write_text(json.dumps({"load": ["churn__v1"]}))
    assert [found["model"] for found in model.reconcile()] == [""]
    assert json.loads(path.read_text())["load"] == ["churn__v1", "churn__v2", "churn"]


def test_a_change_under_way_is_left_alone_and_one_left_behind_is_finished(
    model: ReleasedModel, monkeypatch: Any
) -> None:
    model.candidates(3)
    before = model.triton.repository.route("churn")
    intent = model.releases.begin("promote", before, 3, "ada", "approved")
    model.mlflow.point("churn", 3, "champion", lambda: None)
    assert model.reconcile() == []
    monkeypatch.setattr(releases, "STALE_SECONDS", 0.0)
    traffic.switch(model.triton, "churn", intent)
    (found,) = model.reconcile()
    assert found["found"] == "the promotion to version 3 by ada was left behind"
    assert model.champions() == all_say(3)


def test_a_model_that_no_release_made_champion_is_reported_only(model: ReleasedModel) -> None:
    (model.triton.repository.root / "churn" / "releases.jsonl").unlink()
    model.mlflow.point("churn", 1, "champion", lambda: None)
    (found,) = model.reconcile()
    assert (found["action"], model.mlflow.alias_version("churn", "champion")) == ("", 1)


def test_a_version_that_the_registry_does_not_know_is_reported_only(model: ReleasedModel) -> None:
    model.deploy(9)
    traffic.route(model.triton, "churn", 9, by="ada", reason="a test")
    (found,) = model.reconcile()
    assert ("version 9" in found["found"], found["action"]) == (True, "")


def test_without_the_registry_the_rest_is_repaired(model: ReleasedModel, monkeypatch: Any) -> None:
    model.triton.unload("churn__v1")
    mlflow_away(monkeypatch)
    assert [(found["model"], found["action"]) for found in model.reconcile()] == [("churn", "loaded"), ("", "")]


def test_without_triton_the_files_and_the_registry_are_repaired(model: ReleasedModel) -> None:
    (model.triton.repository.root / "churn" / "router.json").write_text("{")
    model.mlflow.point("churn", 1, "champion", lambda: None)
    assert isinstance(model.triton, FakeTriton)
    model.triton.live = False
    assert [found["action"] for found in model.reconcile()] == [
        "the last release is back",
        "",
        "it points to version 2, which answers",
    ]


def test_without_both_the_files_are_repaired_and_the_task_fails(model: ReleasedModel, monkeypatch: Any) -> None:
    (model.triton.repository.root / "churn" / "router.json").write_text("{")
    assert isinstance(model.triton, FakeTriton)
    model.triton.live = False
    mlflow_away(monkeypatch)
    with pytest.raises(reconcile.NothingChecked, match=r"Triton .* does not answer.*MLflow does not answer"):
        model.reconcile()
    assert Releases(model.triton.repository, "churn").restore() is None


def test_one_model_that_cannot_be_repaired_stops_no_other(model: ReleasedModel) -> None:
    other = replace(model, name="fraud")
    other.candidates(1)
    other.promote(1, None)
    repository = model.triton.repository
    (repository.root / "churn" / "router.json").write_text("{")
    repository.remove_version("churn", 2)
    other.mlflow.client.aliases.clear()  # type: ignore[attr-defined]
    other.triton.unload("fraud")
    reconcile.reconcile(model.triton, model.mlflow)
    assert other.champions() == all_say(1)
