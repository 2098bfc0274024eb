from pathlib import Path

import onnxruntime  # noqa: TID253 - what serving uses
import pytest
import torch  # noqa: TID253 - a test of modules
from torch import nn  # noqa: TID253 - a test of modules

from shamal.providers.pytorch.train.errors import TrainingInputError
from shamal.providers.pytorch.train.export import Scored, export, write

ROWS = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))


class Line(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layer(features).squeeze(1)
        return out


@pytest.mark.parametrize("probability", [True, False])
def test_the_file_answers_as_torch_does_for_any_number_of_rows(probability: bool, tmp_path: Path) -> None:
    scored = Scored(Line(), probability).eval()
    assert export(scored, ROWS, tmp_path / "model.onnx", 1e-4) < 1e-5
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    for count in (1, 7, 20):
        (scores,) = session.run(["score"], {"features": ROWS[:count].numpy()})
        assert scores.shape == (count,)
        assert torch.allclose(torch.from_numpy(scores), scored(ROWS[:count]), atol=1e-6)
    assert ((scores >= 0) & (scores <= 1)).all() == probability


def test_a_file_that_answers_differently_is_refused_and_not_written(tmp_path: Path) -> None:
    class Shifting(Line):
        calls = 0

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return super().forward(features) + self.calls

    with pytest.raises(TrainingInputError, match="differs from torch"):
        export(Scored(Shifting(), probability=False).eval(), ROWS, tmp_path / "model.onnx", 1e-4)
    assert not (tmp_path / "model.onnx").exists()


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    for content in (b"old", b"new"):
        write(tmp_path / "file", content)
    assert (tmp_path / "file").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
