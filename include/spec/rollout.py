"""The part of a model's spec that says how a new version gets its traffic."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from include.spec.types import Column, Strict

Rate = Annotated[float, Field(gt=0, lt=1)]
Seconds = Annotated[float, Field(ge=0, le=604_800)]


class Step(Strict):
    """One share of the traffic."""

    share: float = Field(gt=0, le=0.9)
    """Share of the requests that the candidate answers; the champion must keep some to be compared with."""
    seconds: Seconds
    """How long at least."""


class Limits(Strict):
    """What a candidate must keep at each step; a candidate that certainly breaks one loses its traffic at once."""

    min_requests: int = Field(default=100, ge=1)
    """Fewer requests than this at a step never promote."""
    max_error_rate: Rate = 0.01
    """Largest share of requests that the candidate fails (the champion answers those)."""
    slow_ms: Literal[1, 2, 5, 10, 20, 50, 100, 200, 500] = 50
    """A request that takes the candidate longer is slow."""
    max_slow_rate: Rate = 0.05
    """Largest share of slow requests; what the champion reaches at the same time is allowed, too."""
    disagreement: float = Field(default=0.1, gt=0)
    """Scores that differ from the champion's by more than this disagree."""
    max_disagreement_rate: Rate = 0.2
    """Largest share of rows whose scores disagree with the champion's."""
    max_quality_loss: Rate | None = None
    """Largest amount by which the mean loss of labelled rows may exceed the champion's; tested when labels arrive."""
    max_group_gap: Rate | None = None
    """Largest difference of the candidate's mean losses between two groups; tested when labels arrive."""
    group: Column | None = None
    """The categorical feature column that makes the groups."""
    label_scale: float | None = Field(default=None, gt=0)
    """Regression: a row loses min(1, ((score - label) / label_scale)^2). Without: 0, or 1 on the wrong side of 0.5."""

    @model_validator(mode="after")
    def _groups_are_named(self) -> "Limits":
        if (self.max_group_gap is None) != (self.group is None):
            raise ValueError("max_group_gap and group belong together; give both or none")
        return self


class Rollout(Strict):
    """How a new version gets its traffic: copies only, rising shares, then all of it."""

    steps: list[Step] = Field(min_length=1, max_length=20)
    """In order; the shares rise."""
    shadow_seconds: Seconds = 0
    """First the candidate gets copies of the requests for so long, and its answers are compared only."""
    limits: Limits = Field(default_factory=Limits)
    confidence: float = Field(default=0.999, ge=0.5, lt=1)
    """A candidate that keeps every limit is stopped with probability 1 - confidence at most."""
    hold_seconds: Seconds = 3600
    """How much longer than its seconds a step may wait for evidence."""
    unsure: Literal["rollback", "promote"] = "rollback"
    """What follows when a step has min_requests, broke no limit and is still not proven to keep them after the hold."""

    @field_validator("steps")
    @classmethod
    def _shares_rise(cls, steps: list[Step]) -> list[Step]:
        shares = [step.share for step in steps]
        if shares != sorted(set(shares)):
            raise ValueError(f"the shares {shares} do not rise; give each step a larger share than the one before")
        return steps

    def canary(self, columns: list[str]) -> dict[str, Any]:
        """Return the arguments of `CanaryOperator` beside model and version.

        :param columns: of the feature matrix, in order.
        :raises ValueError: the group is none of them.
        """
        group = self.limits.group
        if group is not None and group not in columns:
            raise ValueError(f"rollout.limits.group {group!r} is no feature; choose one of {', '.join(columns)}")
        limits = self.limits.model_dump(exclude={"group"}, exclude_none=True)
        if group is not None:
            limits["group_feature"] = columns.index(group)
        return {
            "steps": [step.model_dump() for step in self.steps],
            "shadow_seconds": self.shadow_seconds,
            "limits": limits,
            "confidence": self.confidence,
            "hold_seconds": self.hold_seconds,
            "unsure": self.unsure,
        }
