"""What a canary is asked to do: its steps, and the limits that a candidate must keep."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from shamal.providers.triton.canary.observations import EDGES_MS
from shamal.providers.triton.errors import InvalidDeployment

Unsure = Literal["rollback", "promote"]


@dataclass(frozen=True)
class Step:
    """One share of the traffic.

    :param share: of the requests, above 0 to 0.9: the champion must go on as the comparison; 0 is the shadow
        step, where the candidate gets copies only.
    :param seconds: how long at least.
    """

    share: float
    seconds: float


@dataclass(frozen=True)
class Limits:
    """What a candidate must keep; a limit of None is not tested.

    :param min_requests: without so many of them a step is never passed.
    :param max_error_rate: largest share of the requests that the candidate fails (the champion answers those).
    :param slow_ms: a request above it is slow; one of 1, 2, 5, 10, 20, 50, 100, 200, 500 ms.
    :param max_slow_rate: largest share of slow requests, or what the champion itself reaches at the same time.
    :param disagreement: scores that differ from the champion's by more disagree.
    :param max_disagreement_rate: largest share of rows that disagree.
    :param max_quality_loss: largest amount by which the candidate's mean loss may exceed the champion's. The loss of a
        row is 0 or 1 for a score on the wrong side of 0.5, or, with `label_scale`, the squared error, see there.
    :param max_group_gap: largest difference between the candidate's mean losses of two groups.
    :param group_feature: position in the feature row (from 0) of the categorical feature that makes the groups.
    :param label_scale: for regression: the loss is min(1, ((score - label) / label_scale)^2).
    """

    min_requests: int = 100
    max_error_rate: float | None = 0.01
    slow_ms: int = 50
    max_slow_rate: float | None = 0.05
    disagreement: float = 0.1
    max_disagreement_rate: float | None = 0.2
    max_quality_loss: float | None = None
    max_group_gap: float | None = None
    group_feature: int | None = None
    label_scale: float | None = None

    @property
    def labelled(self) -> bool:
        """Whether any limit needs late labels."""
        return self.max_quality_loss is not None or self.max_group_gap is not None


@dataclass(frozen=True)
class Plan:
    """The whole canary.

    :param steps: in order.
    :param limits: the same at each step.
    :param confidence: a candidate that keeps every limit is stopped with probability 1 - confidence at most, over all
        steps, limits and looks together.
    :param hold_seconds: how much longer than its seconds a step may wait for evidence.
    :param unsure: what follows when a step has its requests, broke no limit and is still not proven within the hold.
    """

    steps: tuple[Step, ...]
    limits: Limits
    confidence: float = 0.999
    hold_seconds: float = 3600.0
    unsure: Unsure = "rollback"

    @property
    def alpha(self) -> float:
        """The error probability of each limit at each step."""
        limits = [value for name, value in asdict(self.limits).items() if name.startswith("max_")]
        return (1 - self.confidence) / (len(self.steps) * max(1, sum(value is not None for value in limits)))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Plan":
        """Return the plan that `dataclasses.asdict` gave."""
        steps = tuple(Step(**step) for step in data["steps"])
        return cls(**(data | {"steps": steps, "limits": Limits(**data["limits"])}))


def make(
    steps: Sequence[dict[str, float]],
    *,
    shadow_seconds: float,
    limits: dict[str, Any],
    confidence: float,
    hold_seconds: float,
    unsure: Unsure,
) -> Plan:
    """Return the plan of an operator's arguments.

    :raises InvalidDeployment: one of them cannot be meant.
    """
    known = {field.name for field in fields(Limits)}
    _require(set(limits) <= known, "limits", sorted(set(limits) - known), f"names out of {sorted(known)}")
    chosen = Limits(**limits)
    try:
        walked = [Step(float(step["share"]), float(step["seconds"])) for step in steps]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidDeployment(
            f'canary: steps {steps!r}; allowed is [{{"share": 0.1, "seconds": 60}}, ...]'
        ) from error
    shares = [step.share for step in walked]
    _require(bool(shares) and shares == sorted(set(shares)), "steps", shares, "at least one step, with rising shares")
    _require(all(0 < share <= 0.9 for share in shares), "steps", shares, "shares above 0 to 0.9")
    seconds = [step.seconds for step in walked]
    _require(all(0 <= each <= 604_800 for each in seconds), "steps", seconds, "0 to 604800 seconds")
    _require(0 <= shadow_seconds <= 604_800, "shadow_seconds", shadow_seconds, "0 to 604800")
    _require(0 <= hold_seconds <= 604_800, "hold_seconds", hold_seconds, "0 to 604800")
    _require(0.5 <= confidence < 1, "confidence", confidence, "0.5 to below 1")
    _require(unsure in ("rollback", "promote"), "unsure", unsure, "rollback or promote")
    _require(_between(chosen.min_requests, 0, math.inf), "limits.min_requests", chosen.min_requests, "a count from 1")
    _require(chosen.slow_ms in EDGES_MS, "limits.slow_ms", chosen.slow_ms, f"one of {EDGES_MS}")
    _require(
        _between(chosen.disagreement, 0, math.inf), "limits.disagreement", chosen.disagreement, "a difference above 0"
    )
    for name in (name for name in known if name.startswith("max_")):
        value = getattr(chosen, name)
        _require(value is None or _between(value, 0, 1), f"limits.{name}", value, "above 0 and below 1, or None")
    grouped = chosen.max_group_gap is None or (isinstance(chosen.group_feature, int) and chosen.group_feature >= 0)
    _require(grouped, "limits.group_feature", chosen.group_feature, "a position from 0, because max_group_gap is given")
    scale = chosen.label_scale
    _require(scale is None or _between(scale, 0, math.inf), "limits.label_scale", scale, "above 0, or None")
    shadow = [Step(0.0, float(shadow_seconds))] if shadow_seconds else []
    return Plan((*shadow, *walked), chosen, confidence, float(hold_seconds), unsure)


def _between(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low < value < high


def _require(holds: bool, name: str, given: Any, allowed: str) -> None:
    if not holds:
        raise InvalidDeployment(f"canary: {name} is {given!r}; allowed: {allowed}")
