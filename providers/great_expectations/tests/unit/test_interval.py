import pytest

from shamal.providers.great_expectations.errors import InvalidInterval
from shamal.providers.great_expectations.interval import interval_filter


@pytest.mark.parametrize(
    ("start", "end"),
    [("2013-01-01", "2013-01-01"), ("2013-1-1", "2013-02-01"), ("2013-02-01", "2013-01-01"), ("", "x")],
)
def test_bad_intervals_are_refused(start: str, end: str) -> None:
    with pytest.raises(InvalidInterval):
        interval_filter("event_timestamp", start, end)


def test_the_end_is_excluded() -> None:
    text = str(interval_filter("event_timestamp", "2013-01-01", "2013-02-01"))
    assert "GreaterThanOrEqual" in text
    assert "LessThan(" in text
