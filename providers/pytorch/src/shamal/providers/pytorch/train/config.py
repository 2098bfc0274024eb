"""The training settings of a model, checked before anything is read or written."""

import difflib
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from shamal.providers.pytorch.train.errors import TrainingInputError

Task = Literal["binary_classification", "regression"]
Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    :param task: `binary_classification` (log loss, a sigmoid is added at export) or `regression` (squared error)
    :param epochs: passes over the training rows, at least 1
    :param batch_size: rows per step
    :param learning_rate: AdamW's peak step; it falls to 0 along a cosine
    :param weight_decay: AdamW's decay
    :param seed: of weights, dropout and the order of rows
    :param validation_share: newest share of the training rows held back to choose the best epoch; 0 = keep the last
    :param patience: epochs without a better validation loss before stopping; 0 = never stop early
    :param precision: of the forward pass: `fp32`, or `bf16` by autocast
    :param checkpoint_every: epochs between checkpoints
    :param max_onnx_difference: largest allowed difference between the ONNX and the torch score
    :param model: settings handed to the model's `build` function untouched
    """

    task: Task
    epochs: int = 10
    batch_size: int = 1024
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    seed: int = 0
    validation_share: float = 0.1
    patience: int = 0
    precision: Precision = "fp32"
    checkpoint_every: int = 1
    max_onnx_difference: float = 1e-4
    model: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _one_of("task", self.task, get_args(Task))
        _one_of("precision", self.precision, get_args(Precision))
        for name in ("epochs", "batch_size", "checkpoint_every"):
            _whole(name, getattr(self, name), minimum=1)
        for name in ("seed", "patience"):
            _whole(name, getattr(self, name), minimum=0)
        _number("learning_rate", self.learning_rate, above=0, below=float("inf"))
        _number("max_onnx_difference", self.max_onnx_difference, above=0, below=1)
        _number("weight_decay", self.weight_decay, above=-1e-12, below=float("inf"))
        _number("validation_share", self.validation_share, above=-1e-12, below=0.5)
        if self.patience and not self.validation_share:
            raise TrainingInputError("config: patience needs a validation_share above 0, or set patience to 0")
        if not isinstance(self.model, dict):
            raise TrainingInputError(f"config: model must be a mapping, not {self.model!r}")


def parse(config: Any) -> TrainingConfig:
    """Return the checked settings.

    :param config: mapping of setting to value
    :raises TrainingInputError: unknown setting, wrong type or a value out of range
    """
    if not isinstance(config, dict):
        raise TrainingInputError(f"config must be a JSON object of settings, not {config!r}")
    known = [each.name for each in fields(TrainingConfig)]
    for name in config:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise TrainingInputError(f"config: unknown setting {name!r}; {hint}Known: {', '.join(known)}")
    if "task" not in config:
        raise TrainingInputError(f"config: task is missing; allowed: {', '.join(get_args(Task))}")
    return TrainingConfig(**config)


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise TrainingInputError(f"config: {name} is {value!r}; allowed: {', '.join(allowed)}")


def _whole(name: str, value: object, minimum: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        raise TrainingInputError(f"config: {name} is {value!r}; allowed: a whole number of at least {minimum}")


def _number(name: str, value: object, above: float, below: float) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not above < value < below:
        raise TrainingInputError(
            f"config: {name} is {value!r}; allowed: a number from {max(above, 0)} to below {below}"
        )
