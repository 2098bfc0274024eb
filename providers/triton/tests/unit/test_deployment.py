import json
from pathlib import Path

import pytest

from shamal.providers.triton import deployment, traffic
from shamal.providers.triton.errors import (
    DigestMismatch,
    GoldenMismatch,
    InvalidDeployment,
    ModelLoadFailed,
    TritonUnavailable,
    VersionConflict,
    WarmUpFailed,
)
from shamal.providers.triton.router import settings
from shamal.providers.triton.router.route import Route
from shamal.providers.triton.router.settings import ServingSettings
from shamal.providers.triton.testing import FakeTriton


def folders(triton):
    return sorted(path.name for path in triton.repository.root.glob("churn*"))


def test_a_deployed_version_is_loaded_and_takes_no_traffic(triton, deploy):
    assert deploy(1)["golden_max_diff"] < 1e-4
    assert triton.ready("churn__v1")
    assert triton.repository.route("churn") is None


def test_a_file_with_another_digest_is_refused_before_anything_is_written(triton, deploy):
    with pytest.raises(DigestMismatch, match="fetch churn version 1 again"):
        deploy(1, sha256="0" * 64)
    assert folders(triton) == []


def test_a_file_that_cannot_be_loaded_leaves_the_champion_alone(triton, deploy):
    deploy(1)
    traffic.route(triton, "churn", 1)
    with pytest.raises(ModelLoadFailed):
        deploy(2, broken=True)
    assert folders(triton) == ["churn", "churn__v1"]
    assert triton.infer("churn", [[0, 0, 0, 0]])["model_version"].tolist() == [1]


def test_other_answers_than_the_golden_ones_remove_the_version(triton, deploy, tmp_path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"inputs": [[0, 0, 0, 0]], "scores": [0.9]}))
    with pytest.raises(GoldenMismatch, match=r"expected 0\.9, got 0\.5"):
        deploy(1, golden=str(wrong))
    assert folders(triton) == []
    assert not triton.ready("churn__v1")


def test_deploying_the_same_version_again_changes_nothing_and_another_file_is_refused(triton, make_version):
    one, two = make_version(1), make_version(2)
    for _ in range(3):
        _deploy(triton, 1, one)
    with pytest.raises(VersionConflict, match="versions never change"):
        _deploy(triton, 1, two)


def _deploy(triton, version, files, **serving):
    return deployment.deploy(
        triton,
        "churn",
        version,
        path=Path(files["path"]),
        sha256=files["sha256"],
        golden=Path(files["golden"]),
        serving=ServingSettings(**serving),
    )


def test_a_version_that_stays_slower_than_its_limit_is_removed(triton, make_version):
    with pytest.raises(WarmUpFailed, match=r"churn__v1 .* its limit is 1e-06 ms; .* raise serving\.warm_up_p99_ms"):
        _deploy(triton, 1, make_version(1), warm_up_p99_ms=1e-6)
    assert folders(triton) == []
    assert not triton.ready("churn__v1")


def test_golden_requests_are_sent_in_the_size_that_the_version_takes(triton, make_version, monkeypatch):
    sizes = []
    infer = triton.infer
    monkeypatch.setattr(triton, "infer", lambda name, rows: (sizes.append(len(rows)), infer(name, rows))[1])
    assert _deploy(triton, 1, make_version(1), max_batch_rows=2)["golden_max_diff"] < 1e-4
    assert sizes[:2] == [2, 1]


def test_other_settings_replace_a_version_without_traffic_and_are_refused_for_one_in_use(triton, make_version):
    files = make_version(1)
    _deploy(triton, 1, files)
    _deploy(triton, 1, files, candidate_timeout_ms=50)
    assert settings.read(triton.repository.version_folder("churn", 1)).candidate_timeout_ms == 50
    routed(triton, 1)
    with pytest.raises(VersionConflict, match=r"in use with .*candidate_timeout_ms=50.*candidate_timeout_ms=60"):
        _deploy(triton, 1, files, candidate_timeout_ms=60)


def test_a_deployment_gives_the_router_this_release_and_the_wanted_instances(triton, make_version, monkeypatch):
    loaded = []
    load = triton.load
    monkeypatch.setattr(triton, "load", lambda name: (loaded.append(name), load(name))[1])
    _deploy(triton, 1, make_version(1))
    routed(triton, 1)
    router = triton.repository.root / "churn"
    (router / "1" / "model.py").write_text("an older release")
    _deploy(triton, 2, make_version(2))
    assert "TritonPythonModel" in (router / "1" / "model.py").read_text()
    _deploy(triton, 3, make_version(3), instances=2)
    assert "count: 2" in (router / "config.pbtxt").read_text()
    assert triton.repository.route("churn").champion == 1
    assert loaded == ["churn__v1", "churn__v2", "churn", "churn__v3", "churn"]


def routed(triton, version):
    repository = triton.repository
    repository.write_route(
        "churn", None, Route(version, weights={version: 1.0}), triton.prediction_log, triton.prediction_log_seconds
    )


@pytest.mark.parametrize(("model", "version"), [("../x", 1), ("Churn", 1), ("a__v1", 1), ("churn", 0), ("churn", True)])
def test_names_and_versions_that_cannot_be_meant_are_refused(triton, make_version, model, version):
    files = make_version(1)
    with pytest.raises(InvalidDeployment):
        deployment.deploy(
            triton, model, version, path=Path(files["path"]), sha256=files["sha256"], golden=Path(files["golden"])
        )
    assert folders(triton) == []


def test_a_server_that_is_away_is_named(tmp_path):
    with pytest.raises(TritonUnavailable, match="fake"):
        FakeTriton(tmp_path, live=False).ready("churn")
