"""Metrics of scores against labels, per task, and the baseline that every model must beat."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# Per task: metric -> whether more is better. The first one is the metric of the margin over the baseline.
METRICS: Mapping[str, Mapping[str, bool]] = {
    "binary_classification": {
        "roc_auc": True,
        "average_precision": True,
        "log_loss": False,
        "brier": False,
        "accuracy": True,
    },
    "regression": {"r2": True, "rmse": False, "mae": False},
}
BASELINE_ROWS = 100_000  # rows the baseline learns from at most; a linear model gains nothing from more


def compute(task: str, labels: "np.ndarray", scores: "np.ndarray") -> dict[str, float]:
    """Return every metric of the task; NaN where the scores or the labels leave it undefined.

    :param labels: [N], 0 and 1 for binary_classification.
    :param scores: [N], probabilities for binary_classification.
    """
    import numpy as np
    from sklearn import metrics

    names = METRICS[task]
    if not np.isfinite(scores).all():
        return dict.fromkeys(names, math.nan)
    if task == "regression":
        return {
            "r2": float(metrics.r2_score(labels, scores)) if len(labels) > 1 else math.nan,
            "rmse": float(metrics.root_mean_squared_error(labels, scores)),
            "mae": float(metrics.mean_absolute_error(labels, scores)),
        }
    if set(np.unique(labels)) != {0.0, 1.0} or scores.min() < 0 or scores.max() > 1:
        return dict.fromkeys(names, math.nan)
    return {
        "roc_auc": float(metrics.roc_auc_score(labels, scores)),
        "average_precision": float(metrics.average_precision_score(labels, scores)),
        "log_loss": float(metrics.log_loss(labels, scores.astype(np.float64))),
        "brier": float(metrics.brier_score_loss(labels, scores)),
        "accuracy": float(metrics.accuracy_score(labels, scores >= 0.5)),
    }


def baseline_scores(
    task: str,
    train: "tuple[np.ndarray, np.ndarray]",
    evaluation: "np.ndarray",
    categorical: list[int],
) -> "np.ndarray":
    """Return the evaluation scores [N] of a linear model that learnt from the same features.

    :param train: features [N, F] and labels [N].
    :param evaluation: features [N, F].
    :param categorical: indexes of the categorical columns.
    """
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    features, labels = train
    if len(labels) > BASELINE_ROWS:
        chosen = np.random.default_rng(0).choice(len(labels), BASELINE_ROWS, replace=False)
        features, labels = features[chosen], labels[chosen]
    if task == "binary_classification" and len(np.unique(labels)) == 1:
        return np.full(len(evaluation), labels[0])
    numerical = [index for index in range(features.shape[1]) if index not in categorical]
    prepared = ColumnTransformer(
        [
            (
                "numerical",
                make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()),
                numerical,
            ),
            ("categorical", OneHotEncoder(handle_unknown="ignore", dtype=np.float32), categorical),
        ]
    )
    if task == "regression":
        return np.asarray(make_pipeline(prepared, Ridge()).fit(features, labels).predict(evaluation))
    model = make_pipeline(prepared, LogisticRegression(max_iter=300)).fit(features, labels)
    return np.asarray(model.predict_proba(evaluation)[:, 1])
