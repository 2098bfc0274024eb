from pathlib import Path

import numpy as np
import pytest

from local.faults import models
from local.faults.registration import register
from shamal.providers.mlflow import releases
from shamal.providers.mlflow.errors import DigestMismatch
from shamal.providers.mlflow.testing import FakeMlflow


@pytest.fixture
def registered(tmp_path: Path) -> tuple[FakeMlflow, int, dict[str, str]]:
    mlflow = FakeMlflow(tmp_path / "server")
    models.write_good(tmp_path / "good.onnx", 3)
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    files = models.write(tmp_path / "good.onnx", tmp_path / "flipped", models.flipped, rows)
    gates = tmp_path / "gates.json"
    gates.write_text('{"passed": true}')
    version = register(mlflow, "churn", files, width=3, tags={"shamal.snapshot_id": "7"}, gates=gates)
    return mlflow, version, files


def test_the_version_is_a_candidate_like_any_other(
    registered: tuple[FakeMlflow, int, dict[str, str]], tmp_path: Path
) -> None:
    mlflow, version, files = registered
    fetched = releases.fetch(mlflow, "churn", str(tmp_path / "fetched"), alias="fooled", version=None)
    assert (fetched["version"], fetched["sha256"]) == (version, files["sha256"])
    assert mlflow.read_json(fetched["run_id"], "gates.json") == {"passed": True}
    assert mlflow.find_version("churn", version=version)["tags"]["shamal.snapshot_id"] == "7"


def test_its_digests_are_real(registered: tuple[FakeMlflow, int, dict[str, str]], tmp_path: Path) -> None:
    mlflow, version, _ = registered
    source = mlflow.find_version("churn", version=version)["source"].removeprefix("models:/")
    (tmp_path / "server" / source / "model.onnx").write_bytes(b"another")
    with pytest.raises(DigestMismatch):
        releases.fetch(mlflow, "churn", str(tmp_path / "fetched"), alias="fooled", version=None)
