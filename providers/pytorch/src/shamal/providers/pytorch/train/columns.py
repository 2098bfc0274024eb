"""What a model's `build` function knows about its input matrix."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Columns:
    """The columns of the float32 matrix [N, F] and statistics of the training rows, missing values left out.

    :param features: names of all F columns, in the matrix's order
    :param categorical: codes per categorical column, code 0 = unknown included
    :param mean: mean per numerical column; 0 where every value is missing
    :param std: standard deviation per numerical column; 1 where it would be 0
    :param label_mean: mean of the label
    :param label_std: standard deviation of the label; 1 where it would be 0
    """

    features: tuple[str, ...]
    categorical: dict[str, int]
    mean: dict[str, float]
    std: dict[str, float]
    label_mean: float
    label_std: float

    @property
    def numerical(self) -> tuple[str, ...]:
        """Return the names of the columns that are not categorical, in the matrix's order."""
        return tuple(name for name in self.features if name not in self.categorical)

    def positions(self, names: tuple[str, ...]) -> list[int]:
        """Return where the named columns are in the matrix."""
        return [self.features.index(name) for name in names]
