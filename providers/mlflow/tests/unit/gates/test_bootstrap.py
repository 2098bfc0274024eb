import math

import numpy as np
import pytest

from shamal.providers.mlflow.gates import bootstrap
from shamal.providers.mlflow.gates.bootstrap import draws, interval, mean, statistic
from shamal.providers.mlflow.metrics import METRICS, compute


def sample(task: str, rows: int = 400, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    scores = np.round(random.uniform(size=rows), 2).astype(np.float32)  # rounded: ties must count half
    if task == "regression":
        return scores + random.normal(size=rows), scores
    return (random.uniform(size=rows) < scores).astype(float), scores


@pytest.mark.parametrize(("task", "metric"), [(task, metric) for task, names in METRICS.items() for metric in names])
def test_on_all_rows_and_on_a_resample_a_statistic_is_the_metric(task: str, metric: str) -> None:
    labels, scores = sample(task)
    for rows in (np.arange(400), np.random.default_rng(1).integers(0, 400, 400)):
        expected = compute(task, labels[rows], scores[rows])[metric]
        assert statistic(metric, labels, scores)(rows) == pytest.approx(expected, abs=1e-7)


def test_the_same_seed_gives_the_same_interval() -> None:
    of = {"mean": mean(np.arange(50.0))}
    first, second = draws(of, 50)["mean"], draws(of, 50)["mean"]
    assert first.tolist() == second.tolist()
    assert draws(of, 50, seed=1)["mean"].tolist() != first.tolist()


def test_a_mean_has_the_interval_of_the_normal_law() -> None:
    values = np.random.default_rng(0).normal(size=2000)
    low, high = interval(draws({"mean": mean(values)}, 2000)["mean"]) or (0, 0)
    error = 1.96 * values.std() / math.sqrt(2000)
    assert (low, high) == pytest.approx((values.mean() - error, values.mean() + error), abs=0.1 * error)


def test_in_about_95_of_100_samples_the_interval_holds_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "RESAMPLES", 200)
    truth = statistic("roc_auc", *sample("binary_classification", 200_000, seed=99))(np.arange(200_000))
    held = 0
    for seed in range(100):
        labels, scores = sample("binary_classification", 300, seed)
        low, high = interval(draws({"auc": statistic("roc_auc", labels, scores)}, 300)["auc"]) or (0, 0)
        held += low <= truth <= high
    assert 88 <= held <= 100


def test_pairs_give_a_narrower_interval_than_each_alone() -> None:
    labels, scores = sample("binary_classification")
    near = np.clip(scores + 0.01 * np.random.default_rng(5).normal(size=400), 0, 1)
    drawn = draws({"a": statistic("roc_auc", labels, scores), "b": statistic("roc_auc", labels, near)}, 400)
    assert np.ptp(interval(drawn["a"] - drawn["b"])) < 0.2 * np.ptp(interval(drawn["a"]))


def test_a_resample_of_one_class_leaves_no_interval() -> None:
    labels, scores = np.array([0.0, 0.0, 1.0]), np.array([0.1, 0.2, 0.3])
    assert interval(draws({"auc": statistic("roc_auc", labels, scores)}, 3)["auc"]) is None


def test_more_rows_than_the_most_make_the_interval_no_narrower(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=4000)
    full = np.ptp(interval(draws({"": mean(values)}, 4000)[""]))
    monkeypatch.setattr(bootstrap, "MAX_ROWS", 1000)
    assert np.ptp(interval(draws({"": mean(values)}, 4000)[""])) == pytest.approx(2 * full, rel=0.15)
