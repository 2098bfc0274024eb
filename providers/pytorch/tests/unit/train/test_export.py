from pathlib import Path

import pytest
import torch  # noqa: TID253 - a test of tensors
from torch import nn  # noqa: TID253 - a test of tensors

from shamal.providers.pytorch.train import export as exporting
from shamal.providers.pytorch.train.errors import TrainingInputError
from shamal.providers.pytorch.train.export import Scored, export, write


class First(nn.Module):
    """The first column as it is."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features[:, 0]


class BatchMean(nn.Module):
    """A module whose answer depends on its neighbours, which no server can repeat."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features[:, 0] - features[:, 0].mean()


ROWS = torch.linspace(-4, 4, 24).reshape(12, 2)


@pytest.mark.parametrize("probability", [True, False])
def test_the_file_answers_batches_of_any_size_as_torch_does(probability: bool, tmp_path: Path) -> None:
    import onnxruntime

    assert export(Scored(First(), probability).eval(), ROWS, tmp_path / "model.onnx", 1e-5) < 1e-5
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    expected = torch.sigmoid(ROWS[:, 0]) if probability else ROWS[:, 0]
    for size in (1, 5, 12):
        (scores,) = session.run(["score"], {"features": ROWS[:size].numpy()})
        assert scores.tolist() == pytest.approx(expected[:size].tolist(), abs=1e-6)


def test_a_model_that_looks_at_its_neighbours_is_refused_and_not_written(tmp_path: Path) -> None:
    with pytest.raises(TrainingInputError, match="the ONNX file differs from torch by"):
        export(Scored(BatchMean(), False).eval(), ROWS, tmp_path / "model.onnx", 1e-5)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "file", b"old")

    def no_space(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(exporting.os, "fsync", no_space)
    with pytest.raises(OSError, match="no space left"):
        write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
