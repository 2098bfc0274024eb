"""Measures a trained model against its evaluation set, its baseline, the champion and its gates; knows no server."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from shamal.providers.mlflow import onnx_model
from shamal.providers.mlflow.errors import InvalidTrainingSet, SignatureMismatch
from shamal.providers.mlflow.gates import fairness, quality, skew, waivers
from shamal.providers.mlflow.gates.champion import Champion
from shamal.providers.mlflow.gates.suite import Suite
from shamal.providers.mlflow.gates.verdicts import Measured, Verdict, columns, plain, table
from shamal.providers.mlflow.metrics import baseline_scores
from shamal.providers.mlflow.training_output import TrainingOutput
from shamal.providers.mlflow.training_set import TrainingSet


@dataclass(frozen=True)
class Evaluation:
    """What was measured, and what the gates say about it.

    :param measured: everything that a gate can limit.
    :param metrics: per scorer (`model`, `baseline`, perhaps `champion`) its metrics; NaN = undefined.
    :param verdicts: what each gate says.
    :param details: figures behind the verdicts: slices, calibration, columns, champion, rows.
    :param golden: golden requests for whoever serves the model.
    """

    measured: dict[str, Measured]
    metrics: dict[str, dict[str, float]]
    verdicts: list[Verdict]
    details: dict[str, Any] = field(default_factory=dict)
    golden: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Return whether every gate says yes."""
        return all(each.passed for each in self.verdicts)

    @property
    def all_metrics(self) -> dict[str, float]:
        """Return what MLflow keeps: the model's figures, and the others' metrics as `baseline_<name>` and so on."""
        own = {name: float(each.value) for name, each in self.measured.items() if isinstance(each.value, float)}
        others = {
            f"{scorer}_{name}": value
            for scorer, found in self.metrics.items()
            for name, value in found.items()
            if scorer != "model"
        }
        return own | others

    def report(self) -> str:
        """Return the figures of model, baseline and champion and the verdicts as text."""
        figures = [(name, *(f"{found[name]:.6g}" for found in self.metrics.values())) for name in self.metrics["model"]]
        return f"{columns([('metric', *self.metrics), *figures])}\n\n{table(self.verdicts)}"

    def as_dict(self) -> dict[str, Any]:
        """Return gates.json: the verdicts and every figure behind them as plain JSON."""
        return {
            "passed": self.passed,
            "verdicts": [each.as_dict() for each in self.verdicts],
            "metrics": {
                scorer: {name: plain(value) for name, value in found.items()} for scorer, found in self.metrics.items()
            },
            "intervals": {name: list(each.interval) for name, each in self.measured.items() if each.interval},
            **self.details,
        }


def evaluate(
    output: TrainingOutput,
    training_set: TrainingSet,
    suite: Suite,
    *,
    champion: Champion | None = None,
    started_by: str | None = None,
) -> Evaluation:
    """Measure the model and judge it.

    :param champion: the version that serves now; None where there is none yet.
    :param started_by: user id of the person who started this run, whose waivers do not count; None for the schedule.
    :raises SignatureMismatch: the model does not take the training set's features.
    :raises InvalidGates: the suite names a column that is no feature.
    """
    session = onnx_model.load(output.onnx, training_set)
    train, (features, labels) = training_set.read("train"), training_set.read("evaluation")
    categorical = [at for at, name in enumerate(training_set.features) if name in training_set.categorical]
    scores = {
        "model": onnx_model.score(session, features),
        "baseline": baseline_scores(suite.task, train, features, categorical),
    }
    obstacle = None if champion else "no champion yet"
    if champion:
        try:
            scores["champion"] = champion.scores(training_set)
        except (InvalidTrainingSet, SignatureMismatch) as error:
            obstacle = f"champion {champion.version} cannot be scored on these rows: {error}"
    found = quality.measure(suite.task, labels, scores)
    exempt = suite.skew.exempt if suite.skew else ()
    measured = found.measured | _technical(session, features, output, training_set, suite.task)
    measured["skew"], shifts = skew.measure(training_set, train[0], features, exempt)
    if obstacle:
        measured["loss_against_champion"] = Measured(None, said=(champion is None, obstacle))
    slices = {}
    if suite.fairness:
        named = dict(zip(training_set.features, features.T, strict=True))
        for column in suite.fairness.columns:
            groups = fairness.groups(named, column)
            gap, slices[column] = fairness.measure(suite.task, suite.fairness, groups, labels, scores["model"])
            measured[f"fairness.{column}"] = gap
    details = {
        "task": suite.task,
        "rows": {"train": len(train[1]), "evaluation": len(labels)},
        "champion": champion and {"version": champion.version, "incomparable": obstacle},
        "fairness": suite.fairness and asdict(suite.fairness),
        "slices": slices,
        "calibration": found.calibration,
        "columns": shifts,
    }
    golden = onnx_model.golden_requests(session, features, training_set.features)
    today = datetime.now(UTC).date()
    verdicts = waivers.apply(suite.judge(measured), suite.waivers, today=today, started_by=started_by)
    return Evaluation(measured, found.metrics, verdicts, details, golden)


def _technical(
    session: Any, features: Any, output: TrainingOutput, training_set: TrainingSet, task: str
) -> dict[str, Measured]:
    """Measure what does not depend on the labels."""
    p50, p99 = onnx_model.latency_ms(session, features[:1])
    failure = onnx_model.robustness_failure(session, training_set, task)
    return {
        "latency_p50_ms": Measured(p50),
        "latency_p99_ms": Measured(p99),
        "model_mb": Measured(output.onnx.stat().st_size / 1e6),
        "onnx_difference": Measured(output.onnx_difference, stale=output.stale_reason(training_set.digest)),
        "robust": Measured(failure is None, said=(failure is None, failure or "finite scores in range")),
    }
