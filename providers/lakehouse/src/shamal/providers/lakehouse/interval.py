"""The half-open range of days that one run stages: [start, end)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from shamal.providers.lakehouse.errors import InvalidInterval

if TYPE_CHECKING:
    from pyiceberg.expressions import BooleanExpression


def _day(name: str, value: str) -> date:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != value:
        raise InvalidInterval(f"{name} is {value!r}; it must be a date such as '2013-01-31'. Correct the DAG's Params.")
    return day


@dataclass(frozen=True)
class Interval:
    """Days from `start` (included) to `end` (excluded), midnight to midnight in UTC."""

    start: date
    end: date

    @classmethod
    def parse(cls, start: str, end: str) -> Interval:
        """Return the interval of two ISO dates.

        :raises InvalidInterval: a value is no ISO date, or end is not after start.
        """
        interval = cls(_day("start", start), _day("end", end))
        if interval.end <= interval.start:
            raise InvalidInterval(
                f"end {end} is not after start {start}; end is excluded, so one day is "
                f"start={start} and end=the next day. Correct the DAG's Params."
            )
        return interval

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first instant of the interval and the first one after it."""
        return (
            datetime.combine(self.start, time(), tzinfo=UTC),
            datetime.combine(self.end, time(), tzinfo=UTC),
        )

    def filter(self, column: str) -> BooleanExpression:
        """Return the Iceberg row filter of the interval on a timestamp column."""
        from pyiceberg.expressions import And, GreaterThanOrEqual, LessThan

        first, last = self.bounds
        return And(GreaterThanOrEqual(column, first.isoformat()), LessThan(column, last.isoformat()))

    def __str__(self) -> str:
        return f"{self.start}_{self.end}"
