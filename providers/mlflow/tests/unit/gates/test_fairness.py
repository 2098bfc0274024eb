import math
from typing import Any

import numpy as np
import pytest

from shamal.providers.mlflow.errors import InvalidGates
from shamal.providers.mlflow.gates.fairness import Fairness, groups, measure
from shamal.providers.mlflow.metrics import compute

GOOD = {"columns": ["carrier"], "metric": "roc_auc", "min_rows": 100, "max_gap": 0.1}
ASKED = Fairness.parse("binary_classification", GOOD)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"max_gp": 1}, "needs exactly columns, metric, min_rows, max_gap"),
        ({"metric": "r2"}, "'r2' is unknown for binary_classification; allowed: roc_auc"),
        ({"columns": []}, "at least one column"),
        ({"columns": ["a", "a"]}, "each once"),
        ({"min_rows": 1}, "2 or more"),
        ({"min_rows": True}, "whole number"),
        ({"max_gap": math.nan}, "finite number"),
        ({"max_gap": -1}, "0 or more"),
    ],
)
def test_a_wrong_section_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidGates, match=words):
        Fairness.parse("binary_classification", GOOD | change)


def rows(noise: dict[str, float], count: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    group = np.repeat(list(noise), count)
    labels = (random.uniform(size=len(group)) < 0.4).astype(float)
    scores = labels + np.repeat(list(noise.values()), count) * random.normal(size=len(group))
    return group, labels, 1 / (1 + np.exp(-scores))


def test_the_gap_is_that_of_best_and_worst_and_both_are_named() -> None:
    group, labels, scores = rows({"a": 0.3, "b": 1.0, "c": 3.0})
    gap, slices = measure("binary_classification", ASKED, group, labels, scores)
    worst = compute("binary_classification", labels[group == "c"], scores[group == "c"])["roc_auc"]
    low, high = slices[0].pop("interval")
    assert slices[0] == {"slice": "c", "rows": 600, "value": worst, "judged": True}
    assert low < worst < high
    assert [each["slice"] for each in slices] == ["c", "b", "a"]
    assert gap.value == pytest.approx(slices[2]["value"] - worst)
    assert "worst c:" in gap.note
    assert "best a:" in gap.note
    assert gap.interval is not None
    assert 0.1 < gap.interval[0] < (gap.value or 0) < gap.interval[1]


def test_for_an_error_the_worst_slice_is_the_one_with_the_most() -> None:
    asked = Fairness(("x",), "mae", 2, 1.0)
    group = np.array(["a", "a", "b", "b"])
    gap, _ = measure("regression", asked, group, np.zeros(4), np.array([1.0, 1.0, 3.0, 3.0]))
    assert gap.value == 2
    assert "worst b: 3, best a: 1" in gap.note


def test_small_slices_are_listed_and_not_judged() -> None:
    group, labels, scores = rows({"a": 1.0, "b": 1.0})
    group[:20], scores[:20] = "t", 1 - labels[:20]  # always wrong
    gap, slices = measure("binary_classification", ASKED, group, labels, scores)
    assert {each["slice"]: each["judged"] for each in slices} == {"a": True, "b": True, "t": False}
    assert (gap.value or 1) < 0.1
    assert "2 slices, 1 more have fewer than 100 rows" in gap.note


def test_a_single_judged_slice_is_no_comparison() -> None:
    gap, _ = measure("binary_classification", ASKED, *rows({"a": 1.0}))
    assert (gap.value, gap.note) == (None, "fewer than two slices have 100 rows")


def test_a_slice_of_one_class_makes_the_gap_undefined_and_is_named() -> None:
    group, labels, scores = rows({"a": 1.0, "b": 1.0})
    labels[group == "b"] = 0
    gap, slices = measure("binary_classification", ASKED, group, labels, scores)
    assert math.isnan(gap.value or 0)
    assert gap.note == "roc_auc of slice b"
    assert slices[1] == {"slice": "b", "rows": 600, "value": None, "interval": None, "judged": True}


def test_values_become_the_names_of_slices_and_a_missing_one_is_a_slice() -> None:
    features = {"carrier": np.array([3.0, np.nan, 0.5, 1e7], np.float32)}
    assert groups(features, "carrier").tolist() == ["3", "missing", "0.5", "10000000"]


def test_a_column_that_makes_no_slices_is_refused() -> None:
    with pytest.raises(InvalidGates, match="'age' is no feature; allowed: distance"):
        groups({"distance": np.zeros(3)}, "age")
    with pytest.raises(InvalidGates, match="300 values; slices need at most 200"):
        groups({"distance": np.arange(300.0)}, "distance")
