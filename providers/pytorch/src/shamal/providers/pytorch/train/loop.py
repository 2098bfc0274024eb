"""The training loop: epochs of AdamW along a cosine, resumable after every checkpoint."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch  # noqa: TID253 - this module is imported in the pod only
from torch import nn  # noqa: TID253 - this module is imported in the pod only

from shamal.providers.pytorch.train import checkpoint
from shamal.providers.pytorch.train.config import TrainingConfig
from shamal.providers.pytorch.train.data import Rows
from shamal.providers.pytorch.train.errors import TrainingInputError


@dataclass
class Progress:
    """What happened so far; one entry per epoch."""

    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    best_epoch: int = 0
    resumed_from: int = 0


class Trainer:
    """Trains one module; the randomness of an epoch depends on seed and epoch only, so a resumed run repeats it."""

    def __init__(
        self,
        module: nn.Module,
        config: TrainingConfig,
        *,
        device: torch.device,
        label_std: float,
        checkpoints: Path,
        fingerprint: str,
    ) -> None:
        self.module = module.to(device)
        self.config = config
        self.device = device
        self.label_std = label_std
        self.checkpoints = checkpoints
        self.fingerprint = fingerprint
        self.progress = Progress()
        self.optimizer = torch.optim.AdamW(
            module.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.best = self._weights()

    def fit(self, rows: Rows) -> Progress:
        """Train to the end and leave the best epoch's weights in the module.

        :raises TrainingInputError: the loss is no longer a number
        """
        train, validation = rows.split(self.config.validation_share)
        train = Rows(train.features.to(self.device), train.labels.to(self.device))
        validation = Rows(validation.features.to(self.device), validation.labels.to(self.device))
        self._resume()
        for epoch in range(len(self.progress.losses) + 1, self.config.epochs + 1):
            if self._out_of_patience():
                print(f"no better validation loss for {self.config.patience} epoch(s): stopping", flush=True)
                break
            started = time.monotonic()
            self._epoch(epoch, train, validation)
            self._report(epoch, time.monotonic() - started)
            if epoch % self.config.checkpoint_every == 0 or epoch == self.config.epochs:
                checkpoint.save(self.checkpoints, epoch, self._state())
        self.module.load_state_dict(self.best)
        self.module.eval()
        return self.progress

    def _epoch(self, epoch: int, train: Rows, validation: Rows) -> None:
        torch.manual_seed(self.config.seed * 1_000_003 + epoch)
        self.module.train()
        total = 0.0
        for step, batch in self._batches(epoch, len(train)):
            for group in self.optimizer.param_groups:
                group["lr"] = self._learning_rate(step, len(train))
            self.optimizer.zero_grad()
            loss = self._loss(Rows(train.features[batch], train.labels[batch]))
            loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
            self.optimizer.step()
            total += float(loss.detach()) * len(batch)
        self.progress.losses.append(self._finite(epoch, total / len(train)))
        if len(validation):
            self._validate(epoch, validation)
        else:
            self.progress.best_epoch, self.best = epoch, self._weights()

    def _validate(self, epoch: int, validation: Rows) -> None:
        self.module.eval()
        with torch.no_grad():
            loss = self._finite(epoch, float(self._loss(validation)))
        if loss < min(self.progress.validation_losses, default=math.inf):
            self.progress.best_epoch, self.best = epoch, self._weights()
        self.progress.validation_losses.append(loss)

    def _loss(self, rows: Rows) -> torch.Tensor:
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.config.precision == "bf16"):
            out = self.module(rows.features)
        if self.config.task == "binary_classification":
            return nn.functional.binary_cross_entropy_with_logits(out.float(), rows.labels)
        return nn.functional.mse_loss(out.float(), rows.labels) / self.label_std**2

    def _batches(self, epoch: int, rows: int) -> Iterator[tuple[int, torch.Tensor]]:
        order = torch.randperm(rows).to(self.device)
        batches = order.split(self.config.batch_size)
        first = (epoch - 1) * len(batches)
        return ((first + number, batch) for number, batch in enumerate(batches))

    def _learning_rate(self, step: int, rows: int) -> float:
        steps = self.config.epochs * math.ceil(rows / self.config.batch_size)
        return self.config.learning_rate * 0.5 * (1 + math.cos(math.pi * step / steps))

    def _finite(self, epoch: int, loss: float) -> float:
        if not math.isfinite(loss):
            raise TrainingInputError(
                f"the loss of epoch {epoch} is {loss}: lower learning_rate (now {self.config.learning_rate}) "
                "or look for infinite feature values"
            )
        return loss

    def _out_of_patience(self) -> bool:
        done = len(self.progress.losses)
        return 0 < self.config.patience <= done - self.progress.best_epoch

    def _report(self, epoch: int, seconds: float) -> None:
        line = f"epoch {epoch}/{self.config.epochs} loss {self.progress.losses[-1]:.5f}"
        if self.progress.validation_losses:
            line += f" validation_loss {self.progress.validation_losses[-1]:.5f} best_epoch {self.progress.best_epoch}"
        print(f"{line} seconds {seconds:.1f}", flush=True)

    def _weights(self) -> dict[str, torch.Tensor]:
        return {name: value.detach().cpu().clone() for name, value in self.module.state_dict().items()}

    def _state(self) -> dict[str, Any]:
        return {
            "fingerprint": self.fingerprint,
            "weights": self._weights(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
            "best_epoch": self.progress.best_epoch,
            "losses": self.progress.losses,
            "validation_losses": self.progress.validation_losses,
        }

    def _resume(self) -> None:
        state = checkpoint.load_newest(self.checkpoints, self.fingerprint)
        if state is None:
            return
        self.module.load_state_dict(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best = state["best"]
        done = len(state["losses"])
        self.progress = Progress(state["losses"], state["validation_losses"], state["best_epoch"], done)
        print(f"resuming after epoch {done}", flush=True)
