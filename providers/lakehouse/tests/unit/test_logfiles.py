from pathlib import Path

import pyarrow as pa  # noqa: TID253 - a test module is a leaf
import pyarrow.parquet as pq  # noqa: TID253 - a test module is a leaf
import pytest

from shamal.providers.lakehouse.errors import UnreadableFile
from shamal.providers.lakehouse.logfiles import new_rows, read_files


def test_no_complete_line_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1')
    (tmp_path / "b.jsonl").write_text("")
    assert read_files(str(tmp_path / "*.jsonl"), ["id"], [], None) is None


def test_parquet_and_other_kinds(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1, 2]}), tmp_path / "a.parquet")
    rows = read_files(str(tmp_path / "*"), ["id"], [], None)
    assert rows is not None
    assert rows["id"].to_pylist() == [1, 2]
    (tmp_path / "b.csv").write_text("id\n1\n")
    with pytest.raises(UnreadableFile, match=r"b\.csv ends in '\.csv'; allowed are \.parquet"):
        read_files(str(tmp_path / "*"), ["id"], [], None)


def test_a_truncated_parquet_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [1, 2]}), file)
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(UnreadableFile, match=r"a\.parquet"):
        read_files(str(file), ["id"], [], None)


def test_each_new_key_once_in_the_files_order() -> None:
    rows = pa.table({"id": [3, 1, 3, 2], "n": [0, 1, 2, 3]})
    assert new_rows(rows, pa.table({"id": [2]}), ["id"]).to_pylist() == [{"id": 3, "n": 0}, {"id": 1, "n": 1}]
    assert len(new_rows(rows, rows, ["id"])) == 0


def test_a_key_that_looks_like_a_day_stays_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "2015-12-01", "time": "2015-12-01T00:00:00.5+00:00", "note": null}\n')
    rows = read_files(str(tmp_path / "a.jsonl"), ["id"], ["time"], None)
    assert rows is not None
    assert rows["id"].to_pylist() == ["2015-12-01"]
    assert rows.schema.field("time").type == pa.timestamp("us", "UTC")
    assert rows.schema.field("note").type == pa.string()
