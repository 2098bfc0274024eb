"""First layers of a model for the feature matrix: they accept every float, missing and unseen values included."""

import torch  # noqa: TID253 - this module is imported in the pod only
from torch import Tensor, nn  # noqa: TID253 - this module is imported in the pod only

from shamal.providers.pytorch.train.columns import Columns

LIMIT = 8.0


class Standardise(nn.Module):  # type: ignore[misc]
    """Numerical columns as deviations from the training rows' mean, within 8; a missing value becomes the mean."""

    mean: Tensor
    std: Tensor

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self.positions = columns.positions(columns.numerical)
        self.register_buffer("mean", torch.tensor([columns.mean[name] for name in columns.numerical]))
        self.register_buffer("std", torch.tensor([columns.std[name] for name in columns.numerical]))

    def forward(self, features: Tensor) -> Tensor:
        """Return [N, numerical columns] from [N, F]."""
        scaled = (features[:, self.positions] - self.mean) / self.std
        return torch.where(torch.isnan(scaled), torch.zeros_like(scaled), scaled).clamp(-LIMIT, LIMIT)


class Codes(nn.Module):  # type: ignore[misc]
    """Categorical columns as codes; a missing or unseen code becomes 0, unknown."""

    def __init__(self, columns: Columns) -> None:
        super().__init__()
        self.sizes = list(columns.categorical.values())
        self.positions = columns.positions(tuple(columns.categorical))

    def forward(self, features: Tensor) -> list[Tensor]:
        """Return one [N] tensor of int64 per categorical column from [N, F]."""
        return [
            self._known(features[:, position], size) for position, size in zip(self.positions, self.sizes, strict=True)
        ]

    def _known(self, values: Tensor, size: int) -> Tensor:
        return torch.where((values >= 0) & (values < size), values, torch.zeros_like(values)).long()
