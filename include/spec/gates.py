"""The section `gates` of a model's spec: what must hold before a version is registered.

The mlflow provider measures and judges; its README says what each gate means.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from include.spec.types import Column, Person, Strict

# A gate that is left out is unset; null is not a way to write that.
Limit = Annotated[float, Field(default=None)]
AboveZero = Annotated[float, Field(default=None, gt=0)]
NotNegative = Annotated[float, Field(default=None, ge=0)]


class Fairness(Strict):
    """Every judged slice of a column is served about as well as the best one."""

    columns: list[Column] = Field(min_length=1)
    """Features with at most 200 values; each is judged on its own."""
    metric: str
    """A metric of the model's task."""
    min_rows: int = Field(ge=2)
    """Slices with fewer evaluation rows are listed, not judged."""
    max_gap: float = Field(ge=0)
    """Largest difference of the metric between best and worst slice; the interval's upper end has to keep it."""


class Skew(Strict):
    """The evaluation rows look like the training rows, column by column."""

    max_psi: float = Field(gt=0)
    """Largest population stability index of a column: up to 0.1 is usually called stable, above 0.25 shifted."""
    exempt: list[Column] = Field(default_factory=list)
    """Features that follow the season or the world: they may shift, but not run empty."""


class Waiver(Strict):
    """A person answers for a gate that says no, until a day."""

    gate: str
    """A gate of this model: its key, `skew`, or `fairness.<column>`; never `robust`."""
    approver: Person
    """One of the model's approvers, not its owner; it does not count in a run that this person started."""
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
    expires: date
    """Last day (UTC) on which it counts."""


class Gates(Strict):
    """Gate → limit; a missing, undefined or stale value denies, and so does an expired waiver."""

    min_roc_auc: Limit
    min_average_precision: Limit
    max_log_loss: NotNegative
    max_brier: NotNegative
    min_accuracy: Limit
    """At a score of 0.5."""
    max_calibration_error: NotNegative
    """Expected calibration error, ten bins; the interval's upper end has to keep it."""
    min_r2: Limit
    max_rmse: NotNegative
    max_mae: NotNegative
    max_bias: NotNegative
    """Size of the mean error, in units of the label; the interval's upper end has to keep it."""
    min_margin_over_baseline: Limit
    """roc_auc or r2 above that of a linear model on the same features."""
    max_loss_against_champion: Limit
    """roc_auc or r2 below the champion's on the same rows; the interval's upper end has to keep it."""
    max_latency_p50_ms: AboveZero
    max_latency_p99_ms: AboveZero
    """Milliseconds for one row on one CPU thread."""
    max_onnx_difference: NotNegative
    """Largest difference of the scores of PyTorch and ONNX, as the training recorded it."""
    max_model_mb: AboveZero
    """Size of model.onnx in 1,000,000 bytes."""
    robust: Annotated[Literal[True], Field(default=None)]
    """Missing, extreme and unseen values give finite scores in range."""
    fairness: Annotated[Fairness, Field(default=None)]
    skew: Annotated[Skew, Field(default=None)]
    waivers: list[Waiver] = Field(default_factory=list)

    @model_validator(mode="after")
    def _something_can_deny(self) -> "Gates":
        if not self.model_fields_set - {"fairness", "skew", "waivers"}:
            raise ValueError("no gate is given, so nothing could deny a bad model; give at least min_roc_auc or min_r2")
        return self

    def definition(self) -> dict[str, Any]:
        """Return the gates that are set as plain JSON, as EvaluateModelOperator takes them."""
        return self.model_dump(mode="json", exclude_unset=True)

    def check(self, task: str, features: Sequence[str], approvers: Sequence[str], owner: str) -> None:
        """Refuse gates that do not fit the model, by the rules of the provider that will judge.

        :param task: the model's task.
        :param features: its feature columns.
        :param approvers: who may waive a gate.
        :param owner: who may not.
        :raises ValueError: a gate is not one of the task, a column is no feature, or a waiver counts for nothing.
        """
        from shamal.providers.mlflow.errors import InvalidGates
        from shamal.providers.mlflow.gates import suite

        try:
            parsed = suite.parse(task, self.definition(), approvers=approvers, owner=owner)
        except InvalidGates as error:
            raise ValueError(f"gates: {error}") from error
        named = [*(parsed.fairness.columns if parsed.fairness else ()), *(parsed.skew.exempt if parsed.skew else ())]
        odd = [column for column in named if column not in features]
        if odd:
            raise ValueError(f"gates: {', '.join(odd)}: no such feature; allowed: {', '.join(features)}")
