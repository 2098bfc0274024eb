import math

import numpy as np
import pytest

from shamal.providers.mlflow.metrics import METRICS, baseline_scores, compute


def test_perfect_scores() -> None:
    labels = np.array([0.0, 1.0, 1.0])
    assert compute("binary_classification", labels, np.array([0.1, 0.9, 0.8]))["roc_auc"] == 1.0
    assert compute("regression", labels, labels) == {"r2": 1.0, "rmse": 0.0, "mae": 0.0}


@pytest.mark.parametrize(
    ("labels", "scores"),
    [([0, 1], [0.5, np.nan]), ([1, 1], [0.5, 0.6]), ([0, 1], [0.5, 1.5]), ([0, 2], [0.5, 0.5])],
    ids=["NaN", "one class", "out of range", "odd labels"],
)
def test_what_cannot_be_measured_is_undefined(labels: list[float], scores: list[float]) -> None:
    found = compute("binary_classification", np.array(labels, float), np.array(scores))
    assert set(found) == set(METRICS["binary_classification"])
    assert all(math.isnan(value) for value in found.values())


def test_the_baseline_learns_from_numbers_codes_and_gaps() -> None:
    random = np.random.default_rng(0)
    features = np.column_stack([random.normal(size=500), random.integers(0, 3, 500)]).astype(np.float32)
    labels = (features[:, 0] + features[:, 1] > 1).astype(float)
    features[::10, 0] = np.nan
    scores = baseline_scores("binary_classification", (features, labels), features, [1])
    assert compute("binary_classification", labels, scores)["roc_auc"] > 0.9
    values = baseline_scores("regression", (features, features[:, 1].astype(float)), features, [1])
    assert compute("regression", features[:, 1], values)["r2"] > 0.99


def test_a_baseline_of_one_class_says_that_class() -> None:
    features = np.zeros((3, 1), np.float32)
    assert baseline_scores("binary_classification", (features, np.ones(3)), features, []).tolist() == [1, 1, 1]
