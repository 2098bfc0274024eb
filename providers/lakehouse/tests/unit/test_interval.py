import pytest

from shamal.providers.lakehouse.errors import InvalidInterval
from shamal.providers.lakehouse.interval import Interval


def test_the_end_is_excluded() -> None:
    first, last = Interval.parse("2013-01-01", "2013-02-01").bounds
    assert (first.isoformat(), last.isoformat()) == ("2013-01-01T00:00:00+00:00", "2013-02-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("2013-01-01", "2013-01-01", "end 2013-01-01 is not after start"),
        ("2013-02-01", "2013-01-01", "not after"),
        ("20130101", "2013-01-02", "start is '20130101'"),
        ("2013-01-01", "2013-02-30", "end is '2013-02-30'"),
        ("", "2013-01-01", "start is ''"),
        (None, "2013-01-01", "start is None"),
    ],
)
def test_bad_intervals_are_refused(start: str, end: str, message: str) -> None:
    with pytest.raises(InvalidInterval, match=message):
        Interval.parse(start, end)
