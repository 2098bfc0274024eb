"""The days that a run is about: given in the trigger form, or taken from the schedule."""

from datetime import date, datetime, timedelta

from airflow.sdk.exceptions import AirflowFailException

from include.model_spec import Source


class InvalidInterval(AirflowFailException):
    """The days given in the trigger form make no interval; no retry can cure that."""


def ingest_interval(source: Source, first: str | None, last: str | None, run_after: datetime) -> dict[str, str]:
    """Return the half-open interval [start, end) of days to ingest, as ISO dates.

    :param first: first day from the trigger form, or None.
    :param last: last day (included) from the trigger form, or None.
    :param run_after: when the run was due; without given days, the calendar month before it.
    :raises InvalidInterval: only one day is given, or the last day is before the first.
    """
    if (first is None) != (last is None):
        given, missing = ("start_date", "end_date") if first else ("end_date", "start_date")
        raise InvalidInterval(f"{given} is given but {missing} is not; give both days, or none for the scheduled month")
    if first and last:
        start, end = date.fromisoformat(first), date.fromisoformat(last) + timedelta(days=1)
        if end <= start:
            raise InvalidInterval(f"end_date {last} is before start_date {first}; give the earlier day first")
    else:
        end = replayed(run_after.date().replace(day=1), source.replay_year)
        start = (end - timedelta(days=1)).replace(day=1)
    return {"start": start.isoformat(), "end": end.isoformat()}


def watched_night(night: str | None, run_after: datetime, replay_year: int | None) -> str:
    """Return the night a report is about, as ISO date: the given one, else that of the run."""
    return night or replayed(run_after.date(), replay_year).isoformat()


def replayed(day: date, year: int | None) -> date:
    """Return the same calendar day in the recorded year, or the day itself where nothing is replayed."""
    if year is None:
        return day
    last_of_february = day.month == 2 and day.day == 29
    return day.replace(year=year, day=28 if last_of_february else day.day)
