from datetime import UTC, datetime
from typing import Any

import pytest

from include.model_spec import load_model
from include.training_window import InvalidWindow, training_window

MODEL = load_model("flight_delays")


def publish(lake: Any, moments: list[datetime]) -> None:
    import pyarrow as pa

    rows = pa.table({"event_timestamp": pa.array(moments, pa.timestamp("us", "UTC"))})
    lake.create_table(MODEL.published_table, schema=rows.schema).append(rows)


def test_without_days_the_newest_published_ones_judge_the_model(lake: Any) -> None:
    publish(lake, [datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 12, 31, 23, 59, tzinfo=UTC)])
    window = training_window(MODEL, None, None, None)
    assert window == {"start": "2012-12-01", "split": "2013-12-01", "end": "2014-01-01"}


def test_given_days_are_taken_and_nothing_is_read() -> None:
    window = training_window(MODEL, "2013-01-01", "2013-03-01", "2013-03-31")
    assert window == {"start": "2013-01-01", "split": "2013-03-01", "end": "2013-04-01"}


def test_one_given_day_leaves_the_others_to_the_spec() -> None:
    window = training_window(MODEL, None, None, "2013-03-31")
    assert window == {"start": "2012-03-01", "split": "2013-03-01", "end": "2013-04-01"}


@pytest.mark.parametrize(
    "days",
    [("2013-03-01", "2013-03-01", "2013-03-31"), ("2013-01-01", "2013-04-01", "2013-03-31")],
    ids=["nothing to learn from", "nothing to judge by"],
)
def test_days_out_of_order_are_refused(days: tuple[str, str, str]) -> None:
    with pytest.raises(InvalidWindow, match="these days are not in order"):
        training_window(MODEL, *days)


def test_an_empty_table_names_the_dag_to_run(lake: Any) -> None:
    publish(lake, [])
    with pytest.raises(InvalidWindow, match="has no rows; run flight_delays_ingest first"):
        training_window(MODEL, None, None, None)
