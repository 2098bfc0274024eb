# ruff: noqa: TID253 - tests use what the tasks use
import numpy as np
import pandas as pd

from shamal.providers.evidently.quality import measure


def test_a_perfect_ranking_scores_one() -> None:
    frame = pd.DataFrame({"late": [0.0, 0.0, 1.0, 1.0], "score": [0.1, 0.2, 0.8, 0.9]})
    assert measure(frame, "late", "score", "binary_classification", 2)["roc_auc"] == 1.0


def test_late_labels_leave_no_metric() -> None:
    frame = pd.DataFrame({"late": [np.nan] * 4, "score": [0.1, 0.2, 0.8, 0.9]})
    assert set(measure(frame, "late", "score", "binary_classification", 2).values()) == {None}
    assert set(measure(frame, "late", "score", "regression", 2).values()) == {None}


def test_exact_values_have_no_error() -> None:
    frame = pd.DataFrame({"price": [1.0, 2.0, 4.0], "score": [1.0, 2.0, 4.0]})
    assert measure(frame, "price", "score", "regression", 2) == {"r2": 1.0, "rmse": 0.0, "mae": 0.0}
