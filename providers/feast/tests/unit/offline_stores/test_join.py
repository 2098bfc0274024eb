from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa  # noqa: TID253 - a test

from shamal.providers.feast.offline_stores.join import ViewRows, latest, point_in_time, with_utc_times

NOON = datetime(2013, 9, 1, 12, tzinfo=UTC)


def table(rows: list[dict[str, Any]], times: tuple[str, ...] = ("at",)) -> pa.Table:
    return with_utc_times(pa.Table.from_pylist(rows), times)


def joined(entities: list[dict[str, Any]], view: ViewRows) -> list[Any]:
    return point_in_time(table(entities), "at", [view])["x"].to_pylist()


def test_rows_keep_their_order_and_expire_after_the_ttl() -> None:
    rows = table([{"k": 1, "at": NOON, "x": 7}])
    view = ViewRows(rows, {"k": "k"}, {"x": "x"}, ["at"], timedelta(hours=1))
    moments = [timedelta(hours=1, microseconds=1), timedelta(hours=1), timedelta(0), timedelta(microseconds=-1)]
    assert joined([{"k": 1, "at": NOON + moment} for moment in moments], view) == [None, 7, 7, None]


def test_ties_without_a_created_time_have_one_answer() -> None:
    rows = [{"k": 1, "at": NOON, "x": value} for value in (1, 3, 2)]
    answers = {
        joined([{"k": 1, "at": NOON}], ViewRows(table(order), {"k": "k"}, {"x": "x"}, ["at"]))[0]
        for order in (rows, rows[::-1])
    }
    assert answers == {3}


def test_names_with_quotes_are_safe() -> None:
    rows = table([{'k"; --': 1, "at": NOON, "x": 7}])
    assert joined([{"k": 1, "at": NOON}], ViewRows(rows, {'k"; --': "k"}, {"x": "x"}, ["at"])) == [7]


def test_latest_keeps_one_row_per_key() -> None:
    rows = table([{"k": n % 2, "at": NOON + timedelta(hours=n), "x": n} for n in range(6)])
    assert sorted(latest(rows, ["k"], ["x"], ["at"])["x"].to_pylist()) == [4, 5]
