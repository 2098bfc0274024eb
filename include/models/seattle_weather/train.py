"""Linear regression plus one hidden layer that corrects it."""

from typing import Any

import torch  # noqa: TID253 - this file is loaded in the training pod only
from torch import Tensor, nn  # noqa: TID253 - this file is loaded in the training pod only

from shamal.providers.pytorch.train import Columns
from shamal.providers.pytorch.train.layers import Codes, Standardise


class SeattleWeather(nn.Module):  # type: ignore[misc]
    """Tomorrow's highest temperature in °C, starting from the mean of the training rows."""

    def __init__(self, columns: Columns, width: int, dropout: float) -> None:
        super().__init__()
        self.label_mean, self.label_std = columns.label_mean, columns.label_std
        self.skies = columns.categorical["sky"]
        self.standardise = Standardise(columns)
        self.codes = Codes(columns)
        inputs = len(columns.numerical) + self.skies
        self.linear = nn.Linear(inputs, 1)
        self.hidden = nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Dropout(dropout), nn.Linear(width, 1))
        for start in (self.linear, self.hidden[-1]):
            nn.init.zeros_(start.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Return one temperature per row of [N, F]."""
        (sky,) = self.codes(features)
        skies = nn.functional.one_hot(sky, self.skies).to(features.dtype)
        inputs = torch.cat([self.standardise(features), skies], dim=1)
        deviation: Tensor = (self.linear(inputs) + self.hidden(inputs)).squeeze(1)
        return self.label_mean + self.label_std * deviation


def build(columns: Columns, config: dict[str, Any]) -> nn.Module:
    """Return the network.

    :param config: `width` (default 16), `dropout` (0.1)
    """
    return SeattleWeather(columns, width=int(config.get("width", 16)), dropout=float(config.get("dropout", 0.1)))
