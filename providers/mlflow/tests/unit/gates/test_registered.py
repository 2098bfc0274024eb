import json
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow.errors import InvalidTrainingSet, VersionNotFound
from shamal.providers.mlflow.gates import registered
from shamal.providers.mlflow.testing import FakeMlflow


def test_a_version_comes_back_with_what_its_training_wrote(server: FakeMlflow, tmp_path: Path) -> None:
    output, training_set = registered.fetch(server, "flight_delays", str(tmp_path / "models"), version=None)
    original = json.loads((tmp_path / "output" / "training.json").read_text())
    assert output.record == original
    assert output.onnx_sha256 == original["onnx_sha256"]
    assert training_set.folder == tmp_path / "set"


def test_a_version_that_does_not_exist_is_not_found(server: FakeMlflow, tmp_path: Path) -> None:
    with pytest.raises(VersionNotFound, match="version 9"):
        registered.fetch(server, "flight_delays", str(tmp_path / "models"), version=9)


@pytest.mark.parametrize(("change", "words"), [({"digest": "b" * 64}, "came from a{64}"), (None, "cannot be used")])
def test_another_training_set_is_refused(
    server: FakeMlflow, tmp_path: Path, change: dict[str, Any] | None, words: str
) -> None:
    described = tmp_path / "set" / "training_set.json"
    if change:
        described.write_text(json.dumps(json.loads(described.read_text()) | change))
    else:
        described.unlink()
    with pytest.raises(InvalidTrainingSet, match=words):
        registered.fetch(server, "flight_delays", str(tmp_path / "models"), version=1)
