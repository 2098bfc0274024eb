"""Times of operators: text or datetime in, UTC datetime out."""

from datetime import UTC, datetime
from itertools import pairwise

from shamal.providers.feast.errors import InvalidInterval


def utc(value: str | datetime) -> datetime:
    """Return a moment in UTC; a value without a zone is taken as UTC.

    :param value: ISO 8601 text (`2013-09-01`, `2013-09-01T06:00:00+04:00`) or a datetime
    :raises InvalidInterval: when the text is not a moment
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise InvalidInterval(
                f"{value!r} is not a moment; allowed: ISO 8601 such as 2013-09-01 or 2013-09-01T06:00:00+00:00."
            ) from error
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def ordered(**moments: str | datetime) -> list[datetime]:
    """Return the moments in UTC after checking that each one is later than the one before.

    :param moments: for example `start=..., split=..., end=...`
    :raises InvalidInterval: when they are not in strict order
    """
    values = [utc(moment) for moment in moments.values()]
    if any(later <= earlier for earlier, later in pairwise(values)):
        given = ", ".join(f"{name}={value.isoformat()}" for name, value in zip(moments, values, strict=True))
        raise InvalidInterval(f"Given {given}; allowed: {' < '.join(moments)}. Correct the task's arguments.")
    return values
