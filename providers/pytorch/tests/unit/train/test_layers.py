import math

import torch  # noqa: TID253 - a test of layers

from shamal.providers.pytorch.train.columns import Columns
from shamal.providers.pytorch.train.layers import LIMIT, Codes, Standardise

COLUMNS = Columns(("x", "code", "y"), {"code": 3}, {"x": 10.0, "y": 0.0}, {"x": 2.0, "y": 1.0}, 0.0, 1.0)


def test_numbers_become_deviations_missing_ones_the_mean_and_far_ones_the_limit() -> None:
    rows = torch.tensor([[12.0, 0.0, 1.0], [math.nan, 0.0, -1e30], [1e30, 0.0, math.inf]])
    assert Standardise(COLUMNS)(rows).tolist() == [[1.0, 1.0], [0.0, -LIMIT], [LIMIT, LIMIT]]


def test_missing_negative_and_unseen_codes_become_unknown() -> None:
    values = [0.0, 2.0, 3.0, -1.0, math.nan, math.inf]
    (codes,) = Codes(COLUMNS)(torch.tensor([[0.0, value, 0.0] for value in values]))
    assert codes.dtype == torch.int64
    assert codes.tolist() == [0, 2, 0, 0, 0, 0]
