from datetime import UTC, datetime

import pytest

from shamal.providers.feast.errors import InvalidInterval
from shamal.providers.feast.intervals import ordered, utc


def test_text_without_a_zone_is_utc() -> None:
    assert utc("2013-09-01") == datetime(2013, 9, 1, tzinfo=UTC)


def test_other_zones_become_utc() -> None:
    assert utc("2013-09-01T04:00:00+04:00") == datetime(2013, 9, 1, tzinfo=UTC)


def test_text_that_is_no_moment_is_refused() -> None:
    with pytest.raises(InvalidInterval, match="September"):
        utc("September")


def test_moments_out_of_order_are_refused() -> None:
    with pytest.raises(InvalidInterval, match="start < end"):
        ordered(start="2013-09-02", end="2013-09-01")
