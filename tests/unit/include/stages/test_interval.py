from datetime import UTC, date, datetime

import pytest

from include.model_spec import load_model
from include.stages.interval import InvalidInterval, ingest_interval, replayed, watched_night

SOURCE = load_model("flight_delays").source
NOW = datetime(2026, 11, 2, 4, tzinfo=UTC)


def test_given_days_are_included() -> None:
    interval = ingest_interval(SOURCE, "2013-01-01", "2013-03-31", NOW)
    assert interval == {"start": "2013-01-01", "end": "2013-04-01"}


def test_without_days_the_month_before_is_replayed() -> None:
    assert ingest_interval(SOURCE, None, None, NOW) == {"start": "2013-10-01", "end": "2013-11-01"}


def test_january_takes_december_of_the_year_before() -> None:
    source = SOURCE.model_copy(update={"replay_year": None})
    interval = ingest_interval(source, None, None, datetime(2026, 1, 2, tzinfo=UTC))
    assert interval == {"start": "2025-12-01", "end": "2026-01-01"}


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("2013-03-02", "2013-03-01", "end_date 2013-03-01 is before start_date 2013-03-02"),
        ("2013-03-02", None, "start_date is given but end_date is not"),
        (None, "2013-03-02", "end_date is given but start_date is not"),
    ],
)
def test_days_that_make_no_interval_are_refused(first: str | None, last: str | None, message: str) -> None:
    with pytest.raises(InvalidInterval, match=message):
        ingest_interval(SOURCE, first, last, NOW)


def test_a_leap_day_is_replayed_in_a_common_year() -> None:
    assert replayed(date(2028, 2, 29), 2013) == date(2013, 2, 28)


def test_the_night_is_that_of_the_run_unless_given() -> None:
    assert watched_night(None, NOW, 2013) == "2013-11-02"
    assert watched_night("2013-04-01", NOW, 2013) == "2013-04-01"
