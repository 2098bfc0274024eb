"""What a measurement returns: values beside their budgets, or the reason why there are none."""

from dataclasses import dataclass


class CannotMeasure(Exception):
    """The measurement cannot run here; the message says why and what to do."""


@dataclass(frozen=True)
class Value:
    """One figure.

    :param name: what was measured, in a few words.
    :param value: the figure.
    :param unit: `s`, `ms`, `GiB`, or `x` for a ratio, which compares between machines.
    :param budget: the most it may be; None where nothing was promised.
    :param at_least: the budget is the least it may be.
    """

    name: str
    value: float
    unit: str
    budget: float | None = None
    at_least: bool = False

    @property
    def within(self) -> bool | None:
        """Return whether the budget is kept; None without a budget."""
        if self.budget is None:
            return None
        return self.value >= self.budget if self.at_least else self.value <= self.budget
