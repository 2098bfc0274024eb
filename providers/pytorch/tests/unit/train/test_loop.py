from pathlib import Path
from typing import Any

import pytest
import torch  # noqa: TID253 - a test of tensors
from torch import nn  # noqa: TID253 - a test of tensors

from shamal.providers.pytorch.train.config import TrainingConfig
from shamal.providers.pytorch.train.data import Rows
from shamal.providers.pytorch.train.errors import TrainingInputError
from shamal.providers.pytorch.train.loop import Trainer


def rows(count: int = 200) -> Rows:
    features = torch.linspace(-1, 1, count).unsqueeze(1)
    return Rows(features, 3 * features.squeeze(1) + 1)


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.layer(features).squeeze(1)


def trainer(folder: Path, fingerprint: str = "f", **changes: Any) -> Trainer:
    torch.manual_seed(0)
    config: dict[str, Any] = {"task": "regression", "epochs": 4, "batch_size": 20, "learning_rate": 0.1}
    config |= {"weight_decay": 0.0, "validation_share": 0.0} | changes
    return Trainer(
        Line(),
        TrainingConfig(**config),
        device=torch.device("cpu"),
        label_std=1.0,
        checkpoints=folder,
        fingerprint=fingerprint,
    )


def test_a_line_is_learned(tmp_path: Path) -> None:
    training = trainer(tmp_path, epochs=40)
    progress = training.fit(rows())
    assert len(progress.losses) == 40
    assert progress.losses[-1] < 0.01 < progress.losses[0]
    assert training.module(torch.tensor([[0.5]])).item() == pytest.approx(2.5, abs=0.2)


def test_the_weights_left_are_those_of_the_best_epoch(tmp_path: Path) -> None:
    training = trainer(tmp_path, epochs=10, validation_share=0.2, learning_rate=5.0)
    progress = training.fit(rows())
    best = min(range(10), key=progress.validation_losses.__getitem__) + 1
    assert progress.best_epoch == best
    _, validation = rows().split(0.2)
    loss = nn.functional.mse_loss(training.module(validation.features), validation.labels)
    assert float(loss.detach()) == pytest.approx(progress.validation_losses[best - 1], rel=1e-4)


def test_bf16_learns_the_same_line_and_keeps_its_weights_in_fp32(tmp_path: Path) -> None:
    exact, short = trainer(tmp_path / "fp32", epochs=20), trainer(tmp_path / "bf16", epochs=20, precision="bf16")
    losses = [each.fit(rows()).losses for each in (exact, short)]
    assert losses[0] != losses[1]  # it was used
    assert losses[1][-1] == pytest.approx(losses[0][-1], abs=0.01)
    assert {value.dtype for value in short.module.state_dict().values()} == {torch.float32}


def test_training_stops_after_its_patience(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = trainer(tmp_path, epochs=500, validation_share=0.2, patience=2, learning_rate=5.0).fit(rows())
    assert len(progress.losses) == progress.best_epoch + 2 < 500
    assert "no better validation loss for 2 epoch(s): stopping" in capsys.readouterr().out


def test_a_finished_training_is_resumed_at_its_end(tmp_path: Path) -> None:
    first = trainer(tmp_path).fit(rows())
    again = trainer(tmp_path).fit(rows())
    assert (again.resumed_from, again.losses) == (4, first.losses)


def test_checkpoints_of_other_inputs_are_left_alone(tmp_path: Path) -> None:
    trainer(tmp_path).fit(rows())
    assert trainer(tmp_path, fingerprint="other").fit(rows()).resumed_from == 0


def test_a_loss_that_is_no_number_is_refused(tmp_path: Path) -> None:
    endless = Rows(torch.full((20, 1), float("inf")), torch.zeros(20))
    with pytest.raises(TrainingInputError, match="the loss of epoch 1 is inf: lower learning_rate"):
        trainer(tmp_path).fit(endless)
    assert not list(tmp_path.glob("*.pt"))
