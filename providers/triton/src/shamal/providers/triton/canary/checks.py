"""Compares what was observed with the limits: each limit is proven kept, proven broken, or still open."""

import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from shamal.providers.triton.canary.labels import Losses
from shamal.providers.triton.canary.observations import Counts
from shamal.providers.triton.canary.plan import Plan
from shamal.providers.triton.canary.sequential import Sum, lower, upper

Verdict = Literal["kept", "broken", "open", "no labels"]
Bounded = tuple[Sum, tuple[float, float]]


@dataclass(frozen=True)
class Check:
    """One limit.

    :param name: of what is limited.
    :param seen: how much of it was seen, in rows or requests.
    :param figure: what was seen: a rate, or a difference of mean losses.
    :param low: the true value is not below it ...
    :param high: ... and not above it, with the plan's confidence at every look.
    :param limit: what is allowed.
    :param verdict: `no labels` as long as there are none; it stops nothing.
    """

    name: str
    seen: int
    figure: float
    low: float
    high: float
    limit: float
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """Return the check as JSON can hold it, rounded for people."""
        return {key: round(value, 5) if isinstance(value, float) else value for key, value in asdict(self).items()}

    def __str__(self) -> str:
        if self.verdict == "no labels":
            return f"{self.name} no labels"
        return (
            f"{self.name} {self.figure:.4f} of {self.seen} in [{self.low:.4f}, {self.high:.4f}] "
            f"limit {self.limit:.4g} {self.verdict}"
        )


def of_traffic(plan: Plan, candidate: Counts, champion: Counts) -> list[Check]:
    """Return the checks of one step's traffic; a step is passed when all are `kept`."""
    limits, alpha = plan.limits, plan.alpha
    checks = []
    if limits.max_error_rate is not None:
        errors = _bounded(Sum(candidate.requests, candidate.errors), alpha)
        checks.append(_rate("errors", errors, limits.max_error_rate, limits.max_error_rate))
    if limits.max_slow_rate is not None:
        # When the whole machine is slow it is not the candidate's fault: the champion's own rate is allowed too.
        _, (low, high) = _bounded(Sum(champion.requests, champion.slow), alpha / 2)
        slow = _bounded(Sum(candidate.requests, candidate.slow), alpha / 2)
        checks.append(_rate("slow", slow, max(limits.max_slow_rate, low), max(limits.max_slow_rate, high)))
    if limits.max_disagreement_rate is not None:
        disagreed = _bounded(Sum(candidate.compared, candidate.disagreed), alpha)
        checks.append(_rate("disagreed", disagreed, limits.max_disagreement_rate, limits.max_disagreement_rate))
    return checks


def of_labels(plan: Plan, version: int, champion: int, losses: Losses) -> list[Check]:
    """Return the checks of late labels over the whole canary; only `broken` counts, as labels come when they come."""
    limits, alpha = plan.limits, plan.alpha
    checks = []
    if limits.max_quality_loss is not None:
        ours, theirs = (_bounded(losses.versions.get(each, Sum()), alpha / 2) for each in (version, champion))
        if ours[0].rows and theirs[0].rows:
            checks.append(_difference("quality loss", ours, theirs, limits.max_quality_loss))
        else:
            checks.append(_unlabelled("quality loss", limits.max_quality_loss))
    if limits.max_group_gap is not None:
        gaps = _gaps(losses.groups, alpha, limits.max_group_gap)
        none = _unlabelled("group gap", limits.max_group_gap)
        checks.append(max(gaps, key=lambda gap: gap.low, default=none))
    return checks


def _unlabelled(name: str, limit: float) -> Check:
    return Check(name, 0, 0.0, -1.0, 1.0, limit, "no labels")


def _rate(name: str, bounded: Bounded, kept_below: float, broken_above: float) -> Check:
    rate, (low, high) = bounded
    verdict: Verdict = "broken" if low > broken_above else "kept" if high <= kept_below else "open"
    limit = broken_above if verdict == "broken" else kept_below
    return Check(name, rate.rows, rate.mean, low, high, limit, verdict)


def _difference(name: str, worse: Bounded, better: Bounded, limit: float) -> Check:
    (ours, (our_low, our_high)), (theirs, (their_low, their_high)) = worse, better
    low, high = our_low - their_high, our_high - their_low
    verdict: Verdict = "broken" if low > limit else "kept" if high <= limit else "open"
    return Check(name, min(ours.rows, theirs.rows), ours.mean - theirs.mean, low, high, limit, verdict)


def _gaps(groups: dict[str, Sum], alpha: float, limit: float) -> Iterator[Check]:
    """Yield the gap of each pair of groups; the k-th group has alpha / (k (k + 1)), which sums to alpha."""
    bounded = [(name, _bounded(loss, alpha / (k * (k + 1)))) for k, (name, loss) in enumerate(groups.items(), 1)]
    for (one, worse), (other, better) in itertools.permutations(bounded, 2):
        yield _difference(f"group gap {one} to {other}", worse, better, limit)


def _bounded(values: Sum, alpha: float) -> Bounded:
    return values, (lower(values, alpha), upper(values, alpha))
