import torch  # noqa: TID253 - a test of tensors

from shamal.providers.pytorch.train import Columns
from shamal.providers.pytorch.train.layers import LIMIT, Codes, Standardise

COLUMNS = Columns(("code", "x"), {"code": 3}, {"x": 10.0}, {"x": 2.0}, 0.0, 1.0)
MISSING, ENDLESS = float("nan"), float("inf")


def test_values_become_deviations_from_the_mean_and_a_missing_one_the_mean() -> None:
    rows = torch.tensor([[0.0, value] for value in (10.0, 14.0, MISSING, 1e30, -ENDLESS)])
    assert Standardise(COLUMNS)(rows).squeeze(1).tolist() == [0.0, 2.0, 0.0, LIMIT, -LIMIT]


def test_codes_are_whole_and_what_training_never_saw_is_unknown() -> None:
    rows = torch.tensor([[code, 0.0] for code in (0.0, 2.0, 3.0, -1.0, MISSING, 1e30)])
    (codes,) = Codes(COLUMNS)(rows)
    assert codes.dtype == torch.int64
    assert codes.tolist() == [0, 2, 0, 0, 0, 0]


def test_the_statistics_travel_with_the_weights() -> None:
    assert set(Standardise(COLUMNS).state_dict()) == {"mean", "std"}
