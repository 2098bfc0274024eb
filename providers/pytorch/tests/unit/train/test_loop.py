from pathlib import Path
from typing import Any

import pytest
import torch  # noqa: TID253 - a test of the training loop
from torch import nn  # noqa: TID253 - a test of the training loop

from shamal.providers.pytorch.train.config import parse
from shamal.providers.pytorch.train.data import Rows
from shamal.providers.pytorch.train.errors import TrainingInputError
from shamal.providers.pytorch.train.loop import Trainer


class Net(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.3), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layers(features).squeeze(1)
        return out


def trainer(folder: Path, fingerprint: str = "f", **config: Any) -> Trainer:
    torch.manual_seed(0)
    settings = parse({"task": "regression", "epochs": 5, "batch_size": 32, "learning_rate": 0.02} | config)
    device = torch.device("cpu")
    return Trainer(Net(), settings, device=device, label_std=1.0, checkpoints=folder, fingerprint=fingerprint)


def rows(count: int = 200) -> Rows:
    features = torch.randn(count, 2, generator=torch.Generator().manual_seed(1))
    return Rows(features, features.sum(dim=1))


def weights(trained: Trainer) -> list[float]:
    return [float(value) for tensor in trained.module.state_dict().values() for value in tensor.flatten()]


class Killed(Exception):
    pass


def test_a_run_that_dies_in_an_epoch_goes_on_from_its_checkpoint_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = trainer(tmp_path / "a", checkpoint_every=2)
    undisturbed.fit(rows())
    dying = trainer(tmp_path / "b", checkpoint_every=2)

    def die(epoch: int, seconds: float) -> None:
        if epoch == 3:
            raise Killed

    monkeypatch.setattr(dying, "_report", die)
    with pytest.raises(Killed):
        dying.fit(rows())
    resumed = trainer(tmp_path / "b", checkpoint_every=2)
    assert resumed.fit(rows()).resumed_from == 2
    assert weights(resumed) == weights(undisturbed)
    assert resumed.progress.losses == undisturbed.progress.losses


def test_other_inputs_start_anew(tmp_path: Path) -> None:
    trainer(tmp_path).fit(rows())
    assert trainer(tmp_path, fingerprint="other").fit(rows()).resumed_from == 0


def test_bf16_learns_nearly_as_well_and_keeps_weights_in_fp32(tmp_path: Path) -> None:
    exact, short = trainer(tmp_path / "fp32"), trainer(tmp_path / "bf16", precision="bf16")
    losses = [each.fit(rows()).losses for each in (exact, short)]
    assert losses[1] != losses[0]  # it was used
    assert losses[1][-1] == pytest.approx(losses[0][-1], rel=0.1)
    assert {value.dtype for value in short.module.state_dict().values()} == {torch.float32}


def test_the_best_epoch_is_kept_and_patience_ends_the_run(tmp_path: Path) -> None:
    # A step this large makes the loss worse after a while.
    stopped = trainer(tmp_path, learning_rate=3.0, epochs=50, patience=2, validation_share=0.2)
    progress = stopped.fit(rows())
    assert len(progress.losses) == progress.best_epoch + 2 < 50
    assert progress.validation_losses[progress.best_epoch - 1] == min(progress.validation_losses)
    _, validation = rows().split(0.2)
    with torch.no_grad():
        loss = float(nn.functional.mse_loss(stopped.module(validation.features), validation.labels))
    assert loss == pytest.approx(min(progress.validation_losses))


def test_a_loss_that_is_no_number_is_refused_with_the_setting_to_change(tmp_path: Path) -> None:
    spoilt = Rows(rows().features * float("inf"), rows().labels)
    with pytest.raises(TrainingInputError, match="lower learning_rate"):
        trainer(tmp_path).fit(spoilt)
