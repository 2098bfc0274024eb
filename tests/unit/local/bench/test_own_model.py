import json
from pathlib import Path

import numpy as np
import pytest

from local.bench import own_model
from shamal.providers.triton.testing import FakeTriton


@pytest.fixture
def triton(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTriton:
    monkeypatch.setattr(own_model.time, "sleep", lambda _: None)
    return FakeTriton(tmp_path)


def test_the_file_answers_as_its_golden_requests_say(tmp_path: Path) -> None:
    import onnxruntime

    onnx = own_model.write(tmp_path, version=1)
    session = onnxruntime.InferenceSession(str(onnx), providers=["CPUExecutionProvider"])
    golden = json.loads((tmp_path / "golden.json").read_text())
    [scores] = session.run(["score"], {"features": own_model.rows()})
    assert golden["inputs"] == own_model.rows().tolist()
    assert np.abs(scores - golden["scores"]).max() < 1e-5
    assert len(set(golden["scores"])) > 1


def test_version_1_serves_inside_the_block_and_nothing_stays(triton: FakeTriton) -> None:
    with own_model.served(triton, versions=2) as name:
        (triton.prediction_log / name).mkdir(parents=True)
        assert triton.repository.versions(name) == [1, 2]
        assert triton.infer(name, own_model.rows())["model_version"].tolist() == [1] * 4
    assert [path.name for path in triton.repository.root.iterdir()] == ["approved.json"]
    assert json.loads((triton.repository.root / "approved.json").read_text()) == {"load": []}
    assert list(triton.prediction_log.iterdir()) == []
    assert triton.loaded == {}


def test_nothing_stays_when_the_measurement_fails(triton: FakeTriton) -> None:
    with pytest.raises(ZeroDivisionError), own_model.served(triton):
        raise ZeroDivisionError
    assert [path.name for path in triton.repository.root.iterdir()] == ["approved.json"]
