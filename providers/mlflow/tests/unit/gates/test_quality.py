import math

import numpy as np
import pytest

from shamal.providers.mlflow.gates.quality import measure


@pytest.fixture
def labels() -> np.ndarray:
    return (np.random.default_rng(0).uniform(size=2000) < 0.3).astype(float)


def noisy(labels: np.ndarray, noise: float, seed: int = 1) -> np.ndarray:
    return 1 / (1 + np.exp(-(labels - 0.5 + noise * np.random.default_rng(seed).normal(size=len(labels)))))


def test_a_model_that_equals_the_champion_has_lost_nothing(labels: np.ndarray) -> None:
    scores = noisy(labels, 1)
    found = measure(
        "binary_classification", labels, {"model": scores, "baseline": noisy(labels, 3), "champion": scores}
    )
    loss = found.measured["loss_against_champion"]
    assert (loss.value, loss.interval) == (0, (0, 0))
    margin = found.measured["margin_over_baseline"]
    assert margin.value == found.metrics["model"]["roc_auc"] - found.metrics["baseline"]["roc_auc"] > 0.1
    assert margin.interval is not None
    assert 0 < margin.interval[0] < margin.value < margin.interval[1]


def test_a_worse_model_has_a_loss_whose_interval_is_above_zero(labels: np.ndarray) -> None:
    worse, champion = noisy(labels, 2), noisy(labels, 1)
    found = measure("binary_classification", labels, {"model": worse, "baseline": worse, "champion": champion})
    low, high = found.measured["loss_against_champion"].interval or (0, 0)
    assert 0 < low < found.measured["loss_against_champion"].value < high
    assert f"{found.metrics['champion']['roc_auc']:.4f}" in found.measured["loss_against_champion"].note


@pytest.mark.parametrize("scorer", ["model", "champion"])
def test_nan_scores_leave_values_undefined_and_without_interval(labels: np.ndarray, scorer: str) -> None:
    scores = {name: noisy(labels, 1) for name in ("model", "baseline", "champion")}
    scores[scorer] = np.full(len(labels), np.nan)
    loss = measure("binary_classification", labels, scores).measured["loss_against_champion"]
    assert math.isnan(loss.value or 0)
    assert loss.interval is None


def test_one_class_is_undefined(labels: np.ndarray) -> None:
    scores = {name: noisy(labels, 1) for name in ("model", "baseline")}
    found = measure("binary_classification", np.zeros(len(labels)), scores)
    assert all(math.isnan(each.value or 0) for each in found.measured.values())
    assert found.calibration == []


def test_every_metric_of_a_regression_has_an_interval_around_it() -> None:
    values = np.random.default_rng(0).normal(size=500)
    found = measure("regression", values, {"model": values + 0.5, "baseline": values * 0})
    assert found.measured["bias"].value == pytest.approx(0.5)
    for each in found.measured.values():
        assert each.interval is not None
        assert each.interval[0] - 1e-9 <= (each.value or 0) <= each.interval[1] + 1e-9
