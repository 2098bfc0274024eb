import errno
import json
import shutil
from pathlib import Path

import pytest

from shamal.providers.triton.errors import InvalidDeployment, RepositoryFull, RouteChanged, VersionNotDeployed
from shamal.providers.triton.repository import ModelRepository
from shamal.providers.triton.router.route import Route
from shamal.providers.triton.router.settings import ServingSettings


@pytest.fixture
def repository(tmp_path):
    return ModelRepository(tmp_path / "models")


def test_a_router_is_there_completely_or_not_at_all(repository, tmp_path):
    repository.write_route("churn", None, Route(1, None, {1: 1.0}), Path("/log"), 2.0)
    assert (repository.root / "churn/1/shamal/providers/triton/router/champion.py").is_file()
    assert '"/log/churn"' in (repository.root / "churn/config.pbtxt").read_text()
    assert list((tmp_path / ".incoming-models").iterdir()) == []


def test_a_version_that_cannot_be_written_leaves_nothing(repository, tmp_path):
    with pytest.raises(FileNotFoundError):
        repository.write_version(
            "churn",
            1,
            onnx=tmp_path / "none",
            digest="0",
            golden=tmp_path / "none",
            backend="python",
            serving=ServingSettings(),
        )
    assert repository.versions("churn") == []
    assert list((tmp_path / ".incoming-models").iterdir()) == []


def test_a_broken_route_is_named(repository):
    repository.write_route("churn", None, Route(1, None, {1: 1.0}), Path("/log"), 2.0)
    (repository.root / "churn" / "router.json").write_text("{")
    with pytest.raises(InvalidDeployment, match=r"router\.json"):
        repository.route("churn")


def test_a_change_made_from_an_older_route_is_refused(repository):
    first = repository.write_route("churn", None, Route(1, None, {1: 1.0}), Path("/log"), 2.0)
    second = repository.write_route("churn", first, Route(2, 1, {2: 1.0}), Path("/log"), 2.0)
    assert (first.generation, second.generation) == (1, 2)
    for stale in (None, first):
        with pytest.raises(RouteChanged, match="nothing was written"):
            repository.write_route("churn", stale, Route(3, 1, {3: 1.0}), Path("/log"), 2.0)
    assert repository.route("churn") == second


def test_a_broken_route_keeps_what_was_approved_and_holds_up_no_other_model(repository):
    for model in ("churn", "fraud"):
        repository.write_route(model, None, Route(1, None, {1: 1.0}), Path("/log"), 2.0)
    approved = repository.approve()
    (repository.root / "churn" / "router.json").write_text("{")
    assert repository.approve() == repository.approved() == approved == ["churn__v1", "churn", "fraud__v1", "fraud"]


@pytest.mark.parametrize("backend", ["python", "onnxruntime"])
def test_requests_are_gathered_only_where_the_settings_say_so(repository, tmp_path, backend):
    for file in ("model.onnx", "golden.json"):
        (tmp_path / file).write_text("-")
    configs = []
    for version, serving in enumerate((ServingSettings(), ServingSettings(3, 64, 500)), start=1):
        files = {"onnx": tmp_path / "model.onnx", "golden": tmp_path / "golden.json", "digest": "0"}
        repository.write_version("churn", version, **files, backend=backend, serving=serving)
        configs.append((repository.version_folder("churn", version) / "config.pbtxt").read_text())
    assert "max_batch_size: 0" in configs[0]
    assert "dynamic_batching" not in configs[0]
    assert "count: 1" in configs[0]
    assert "max_batch_size: 64" in configs[1]
    assert "dynamic_batching { max_queue_delay_microseconds: 500 }" in configs[1]
    assert "count: 3" in configs[1]


def test_a_description_of_features_lies_with_its_version_and_must_be_readable(repository):
    described = {
        "store": "/features/online.db",
        "keys": ["customer"],
        "on_missing": "refuse",
        "views": {"usage": {"table": "churn_usage", "ttl_seconds": 60, "keys": {"customer": "INT64"}}},
        "columns": [{"name": "calls", "view": "usage", "missing": None}],
    }
    with pytest.raises(VersionNotDeployed):
        repository.write_features("churn", 1, described)
    (repository.root / "churn__v1").mkdir(parents=True)
    repository.write_features("churn", 1, described)
    with pytest.raises(InvalidDeployment, match="features of churn version 1: on_missing 'maybe'"):
        repository.write_features("churn", 1, described | {"on_missing": "maybe"})
    assert json.loads((repository.root / "churn__v1/features.json").read_text()) == described


def test_a_model_taken_away_meanwhile_holds_up_nothing(repository, monkeypatch):
    def gone(path):
        raise FileNotFoundError(path)

    (repository.root / "churn").mkdir(parents=True)
    (repository.root / "churn" / "router.json").write_text("{}")
    monkeypatch.setattr("shamal.providers.triton.router.route.read", gone)
    assert repository.route("churn") is None
    assert repository.approve() == []


def test_a_full_disk_is_named_and_nothing_is_kept(repository, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(RepositoryFull, match=r"no space left for churn__v1 beside .*models; nothing of it was kept"):
        repository.write_version(
            "churn", 1, onnx=tmp_path, digest="0", golden=tmp_path, backend="python", serving=ServingSettings()
        )
    assert repository.versions("churn") == []
    assert list((tmp_path / ".incoming-models").iterdir()) == []
