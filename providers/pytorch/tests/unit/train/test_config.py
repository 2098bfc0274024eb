from typing import Any

import pytest

from shamal.providers.pytorch.train.config import parse
from shamal.providers.pytorch.train.errors import TrainingInputError


def test_settings_left_out_take_their_defaults() -> None:
    config = parse({"task": "regression", "model": {"width": 3}})
    assert (config.epochs, config.precision, config.model) == (10, "fp32", {"width": 3})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "must be a JSON object"),
        ({}, "task is missing"),
        ({"task": "ranking"}, "'ranking'; allowed: binary_classification, regression"),
        ({"task": "regression", "learning_rat": 1}, "did you mean learning_rate"),
        ({"task": "regression", "epochs": 0}, "at least 1"),
        ({"task": "regression", "epochs": True}, "at least 1"),
        ({"task": "regression", "epochs": "3"}, "at least 1"),
        ({"task": "regression", "learning_rate": float("nan")}, "learning_rate is nan"),
        ({"task": "regression", "validation_share": 0.5}, "below 0.5"),
        ({"task": "regression", "patience": 2, "validation_share": 0}, "patience needs"),
        ({"task": "regression", "precision": "fp16"}, "allowed: fp32, bf16"),
        ({"task": "regression", "model": 3}, "must be a mapping"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(given: Any, message: str) -> None:
    with pytest.raises(TrainingInputError, match=message):
        parse(given)
