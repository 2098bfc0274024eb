"""What the hook promises, kept by the real server and by the fake alike."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow.errors import AliasConflict, PromotionInProgress, VersionNotFound
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.mlflow.testing import FakeMlflow


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
def hook(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MlflowRegistryHook]:
    if request.param == "real":
        request.getfixturevalue("airflow_connections")
        yield MlflowRegistryHook()
    else:
        yield FakeMlflow(tmp_path / "server")


@pytest.fixture
def model() -> str:
    return f"model_{uuid.uuid4().hex[:12]}"


def start_run(hook: MlflowRegistryHook, model: str, key: str = "first") -> str:
    return hook.find_or_start_run(model, key, "a run")


def add_version(hook: MlflowRegistryHook, model: str, key: str) -> int:
    run_id = start_run(hook, model, key)
    model_id = hook.log_onnx_model(run_id, model, lambda identity, folder: write(folder, identity))
    return hook.register(model, run_id, model_id, {"shamal.sha256": key}, "candidate")


def write(folder: Path, identity: dict[str, str]) -> None:
    folder.mkdir()
    (folder / "MLmodel").write_text(json.dumps({"model_id": identity["model_id"]}))


def test_a_key_finds_its_run_again(hook: MlflowRegistryHook, model: str) -> None:
    assert start_run(hook, model) == start_run(hook, model)
    assert start_run(hook, model) != start_run(hook, model, "second")


def test_logging_twice_changes_nothing(hook: MlflowRegistryHook, model: str, tmp_path: Path) -> None:
    run_id = start_run(hook, model)
    artifact = tmp_path / "gates.json"
    artifact.write_text("[]")
    (tmp_path / "copy").mkdir()
    for _ in range(2):
        hook.log_run(
            run_id, params={"seed": 7}, metrics={"roc_auc": 0.7}, history={"loss": [0.5, 0.4]}, tags={"a": "b"}
        )
        hook.log_files(run_id, [artifact])
    hook.download_file(run_id, "gates.json", tmp_path / "copy")
    assert (tmp_path / "copy" / "gates.json").read_text() == "[]"
    with pytest.raises(VersionNotFound, match=r"none\.json of MLflow run"):
        hook.download_file(run_id, "none.json", tmp_path / "copy")
    hook.finish_run(run_id)
    client = hook.get_conn()
    run = client.get_run(run_id)
    assert (run.data.params, run.data.metrics["roc_auc"]) == ({"seed": "7"}, 0.7)
    assert [(row.step, row.value) for row in client.get_metric_history(run_id, "loss")] == [(1, 0.5), (2, 0.4)]
    assert [each.path for each in client.list_artifacts(run_id)] == ["gates.json"]
    assert run.info.status == "FINISHED"
    assert hook.run_tags(run_id)["a"] == "b"
    assert hook.read_json(run_id, "gates.json") == []


def test_a_run_has_one_model_and_one_version(hook: MlflowRegistryHook, model: str, tmp_path: Path) -> None:
    assert add_version(hook, model, "first") == add_version(hook, model, "first") == 1
    assert add_version(hook, model, "second") == 2
    found = hook.find_version(model, alias="candidate")
    assert (found["version"], found["tags"]["shamal.sha256"]) == (2, "second")
    assert hook.find_version(model, version=1)["run_id"] == start_run(hook, model)
    fetched = hook.download_model(found["source"], tmp_path)
    assert [path.name for path in fetched.iterdir()] == ["MLmodel"]


def test_what_does_not_exist_is_not_found(hook: MlflowRegistryHook, model: str) -> None:
    with pytest.raises(VersionNotFound, match="run"):
        hook.run_tags("0" * 32)
    with pytest.raises(VersionNotFound, match=r"none\.json"):
        hook.read_json(start_run(hook, model), "none.json")
    with pytest.raises(VersionNotFound, match="alias 'champion'"):
        hook.find_version(model, alias="champion")
    with pytest.raises(VersionNotFound, match=model):
        hook.promote(model, 1, None, "champion")
    add_version(hook, model, "first")
    with pytest.raises(VersionNotFound, match="version 9"):
        hook.promote(model, 9, None, "champion")
    with pytest.raises(VersionNotFound, match="champion"):
        hook.rollback(model, "champion", "key")


def test_promotion_needs_the_champion_that_the_caller_saw(hook: MlflowRegistryHook, model: str) -> None:
    for key in ("first", "second"):
        add_version(hook, model, key)
    assert hook.alias_version(model, "champion") is None
    with pytest.raises(AliasConflict, match="points to version None, expected 1"):
        hook.promote(model, 2, 1, "champion")
    assert hook.promote(model, 1, None, "champion") is None
    assert hook.promote(model, 2, 1, "champion") == 1
    assert hook.promote(model, 2, 1, "champion") == 1  # a retry
    with pytest.raises(AliasConflict, match="points to version 2, expected 1"):
        hook.promote(model, 1, 1, "champion")


def test_rollback_goes_back_one_step_and_its_retry_no_further(hook: MlflowRegistryHook, model: str) -> None:
    for version, key in enumerate(("first", "second", "third"), start=1):
        add_version(hook, model, key)
        hook.promote(model, version, version - 1 or None, "champion")
    assert hook.rollback(model, "champion", "run a") == (3, 2)
    assert hook.rollback(model, "champion", "run a") == (3, 2)
    assert hook.alias_version(model, "champion") == 2
    assert hook.rollback(model, "champion", "run b") == (2, 1)
    with pytest.raises(VersionNotFound, match="no recorded predecessor"):
        hook.rollback(model, "champion", "run c")


def test_the_alias_follows_who_knows_the_truth_from_elsewhere(hook: MlflowRegistryHook, model: str) -> None:
    for key in ("first", "second"):
        add_version(hook, model, key)
    moved = [hook.point(model, version, "champion", lambda: None) for version in (2, 1, 1)]
    assert (moved, hook.alias_version(model, "champion")) == ([None, 2, 1], 1)
    with pytest.raises(VersionNotFound, match="version 9"):
        hook.point(model, 9, "champion", lambda: None)


def test_of_two_promotions_one_wins(hook: MlflowRegistryHook, model: str) -> None:
    for key in ("first", "second", "third"):
        add_version(hook, model, key)
    hook.promote(model, 1, None, "champion")

    def attempt(version: int) -> Any:
        try:
            hook.promote(model, version, 1, "champion")
        except (AliasConflict, PromotionInProgress) as error:
            return error
        return version

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(attempt, (2, 3)))
    winners = [result for result in results if isinstance(result, int)]
    assert len(winners) == 1
    assert hook.alias_version(model, "champion") == winners[0]
