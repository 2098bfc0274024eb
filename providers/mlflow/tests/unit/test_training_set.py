import json
from typing import Any

import numpy as np
import pytest

from shamal.providers.mlflow.errors import InvalidTrainingSet
from shamal.providers.mlflow.training_set import load_training_set


def test_features_come_in_order_with_gaps_as_nan(training_set: Any) -> None:
    found = load_training_set(str(training_set(rows=100)))
    features, labels = found.read("evaluation")
    assert (features.dtype, features.shape, labels.shape) == (np.float32, (100, 3), (100,))
    assert np.isnan(features[::50, 1]).all()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"rows": {"evaluation": 5}}, "says 5"),
        ({"features": ["altitude"]}, "altitude"),
        ({"label": "nothing"}, "nothing"),
    ],
)
def test_a_set_that_contradicts_its_description_is_refused(training_set: Any, changed: Any, words: str) -> None:
    folder = training_set(rows=100)
    described = json.loads((folder / "training_set.json").read_text())
    (folder / "training_set.json").write_text(json.dumps(described | changed))
    with pytest.raises(InvalidTrainingSet, match=words):
        load_training_set(str(folder)).read("evaluation")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"features": null}'])
def test_an_unusable_description_is_refused(training_set: Any, content: str) -> None:
    folder = training_set(rows=100)
    (folder / "training_set.json").write_text(content)
    with pytest.raises(InvalidTrainingSet, match="it needs features"):
        load_training_set(str(folder))
