"""The network of flight_delays at a walking pace: a proof needs a training that lasts, on a quick machine too."""

import time
from typing import Any

from torch import Tensor, nn  # noqa: TID253 - this file is loaded in the training pod only

from include.models.flight_delays.train import FlightDelays
from shamal.providers.pytorch.train import Columns

PAUSE_SECONDS = 0.03
"""Per batch; January and February make about 50 batches an epoch, so an epoch lasts at least 1.5 seconds."""


class PacedFlightDelays(FlightDelays):
    """Learns as its parent does, and pauses before every batch; an export and an answer do not pause."""

    def forward(self, features: Tensor) -> Tensor:
        """Return one logit per row of [N, F]."""
        if self.training:
            time.sleep(PAUSE_SECONDS)
        return super().forward(features)


def build(columns: Columns, config: dict[str, Any]) -> nn.Module:
    """Return the network with its parent's own settings."""
    return PacedFlightDelays(columns, width=64, blocks=2, dropout=0.5)
