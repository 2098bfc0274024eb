"""Measures a trained model against its evaluation set, its baseline and its gates; knows no server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shamal.providers.mlflow import gates, onnx_model
from shamal.providers.mlflow.metrics import METRICS, baseline_scores, compute
from shamal.providers.mlflow.training_output import TrainingOutput
from shamal.providers.mlflow.training_set import TrainingSet


@dataclass(frozen=True)
class Evaluation:
    """What was measured, and what the gates say about it.

    :param metrics: the model's metrics, latency and differences; NaN = undefined.
    :param baseline: the baseline's metrics on the same rows.
    :param golden: golden requests for whoever serves the model.
    """

    metrics: dict[str, float]
    baseline: dict[str, float]
    verdicts: list[gates.Verdict]
    golden: dict[str, Any]

    @property
    def passed(self) -> bool:
        """Return whether every gate says yes."""
        return all(each.passed for each in self.verdicts)

    @property
    def all_metrics(self) -> dict[str, float]:
        """Return the model's metrics, and the baseline's as `baseline_<name>`."""
        return self.metrics | {f"baseline_{name}": value for name, value in self.baseline.items()}

    def report(self) -> str:
        """Return the model's and the baseline's figures and the verdicts as text."""
        rows: list[tuple[str, ...]] = [("metric", "model", "baseline")]
        for name, value in self.metrics.items():
            rows.append((name, f"{value:.6g}", f"{self.baseline[name]:.6g}" if name in self.baseline else "-"))
        return f"{gates.columns(rows)}\n\n{gates.table(self.verdicts)}"


def evaluate(output: TrainingOutput, training_set: TrainingSet, task: str, limits: Mapping[str, Any]) -> Evaluation:
    """Measure the model and judge it.

    :param task: `binary_classification` or `regression`.
    :param limits: gate to limit.
    :raises SignatureMismatch: the model does not take the training set's features.
    """
    session = onnx_model.load(output.onnx, training_set)
    features, labels = training_set.read("evaluation")
    metrics = compute(task, labels, onnx_model.score(session, features))
    categorical = [at for at, name in enumerate(training_set.features) if name in training_set.categorical]
    baseline = compute(task, labels, baseline_scores(task, training_set.read("train"), features, categorical))
    main = next(iter(METRICS[task]))
    p50, p99 = onnx_model.latency_ms(session, features[:1])
    measured = metrics | {
        "margin_over_baseline": metrics[main] - baseline[main],
        "latency_p50_ms": p50,
        "latency_p99_ms": p99,
    }
    if output.onnx_difference is not None:
        measured["onnx_difference"] = output.onnx_difference
    stale = output.stale_reason(training_set.digest)
    verdicts = gates.judge(
        task,
        limits,
        measured,
        robustness_failure=onnx_model.robustness_failure(session, training_set, task),
        stale={"onnx_difference": stale} if stale else {},
    )
    golden = onnx_model.golden_requests(session, features, training_set.features)
    return Evaluation(measured, baseline, verdicts, golden)
