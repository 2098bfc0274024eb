"""The half-open range of days that one run validates: [start, end), midnight to midnight in UTC."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from shamal.providers.great_expectations.errors import InvalidInterval

if TYPE_CHECKING:
    from pyiceberg.expressions import BooleanExpression


def interval_filter(time_column: str, start: str, end: str) -> BooleanExpression:
    """Return the Iceberg row filter of [start, end).

    :raises InvalidInterval: a value is no ISO date, or end is not after start.
    """
    from pyiceberg.expressions import And, GreaterThanOrEqual, LessThan

    for name, value in (("start", start), ("end", end)):
        try:
            valid = date.fromisoformat(value).isoformat() == value
        except (TypeError, ValueError):
            valid = False
        if not valid:
            raise InvalidInterval(f"{name} is {value!r}; it must be a date such as '2013-01-31'.")
    if end <= start:
        raise InvalidInterval(f"end {end} is not after start {start}; end is excluded.")
    midnight = "T00:00:00+00:00"
    return And(GreaterThanOrEqual(time_column, start + midnight), LessThan(time_column, end + midnight))
