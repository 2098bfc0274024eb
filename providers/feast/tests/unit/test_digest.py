import pyarrow as pa  # noqa: TID253 - a test

from shamal.providers.feast.digest import digest


def rows(**columns: object) -> pa.Table:
    return pa.table(columns)


def test_chunks_do_not_count() -> None:
    whole = rows(a=[1, None, 3], b=["x", None, "zz"])
    assert digest("h", [whole]) == digest("h", [pa.concat_tables([whole.slice(0, 1), whole.slice(1)])])


def test_a_null_is_not_a_zero() -> None:
    assert digest("h", [rows(a=pa.array([0]))]) != digest("h", [rows(a=pa.array([None], pa.int64()))])


def test_texts_do_not_run_together() -> None:
    assert digest("h", [rows(a=["ab", "c"])]) != digest("h", [rows(a=["a", "bc"])])


def test_types_names_and_header_count() -> None:
    digests = {
        digest("h", [rows(a=pa.array([1], pa.int32()))]),
        digest("h", [rows(a=pa.array([1], pa.int64()))]),
        digest("h", [rows(b=pa.array([1], pa.int64()))]),
        digest("g", [rows(a=pa.array([1], pa.int64()))]),
    }
    assert len(digests) == 4
