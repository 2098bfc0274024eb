import pyarrow as pa  # noqa: TID253 - a test module is a leaf
import pytest

from shamal.providers.lakehouse.query import run_query

FLIGHTS = pa.table({"carrier": ["UA", "AA"], "delay": [1, 2], "Distance": [5, 6]})


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT max(delay) FROM f", ["delay"]),
        ("SELECT sum(distance) FROM f WHERE carrier = 'UA'", ["carrier", "Distance"]),
        ("SELECT count(*) FROM f", ["carrier"]),
        ("SELECT * FROM f", ["carrier", "delay", "Distance"]),
        ("SELECT f FROM f", ["carrier", "delay", "Distance"]),
        ("SELECT a.delay FROM f a NATURAL JOIN f b", ["carrier", "delay", "Distance"]),
        ("SELECT 1 FROM f a JOIN f b USING (carrier)", ["carrier"]),
    ],
)
def test_only_the_columns_that_the_query_names_are_read(sql: str, columns: list[str]) -> None:
    asked: list[list[str]] = []

    def load(_: str, names: list[str]) -> pa.Table:
        asked.append(names)
        return FLIGHTS.select(names)

    run_query(sql, {"f": FLIGHTS.column_names}, load)
    assert asked == [columns]


def test_a_query_reaches_nothing_but_its_tables() -> None:
    secret = FLIGHTS
    assert len(secret) == 2
    for table in ("read_csv('/etc/passwd')", "secret", "'/etc/passwd'"):
        with pytest.raises(Exception, match=r"(?i)disabled|does not exist|catalog error"):
            run_query(f"SELECT * FROM {table}", {}, lambda _, names: FLIGHTS.select(names))  # noqa: S608 - a constant


def test_only_a_select_is_run() -> None:
    with pytest.raises(ValueError, match="no single SELECT"):
        run_query("DROP TABLE f", {"f": FLIGHTS.column_names}, lambda _, names: FLIGHTS.select(names))
