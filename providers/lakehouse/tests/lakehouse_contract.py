"""What every lakehouse hook does: the fake of `testing.py` and the real one run the same checks."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # noqa: TID253 - a test module is a leaf
import pyarrow.parquet as pq  # noqa: TID253 - a test module is a leaf
import pytest

from shamal.providers.lakehouse.errors import (
    InvalidName,
    InvalidRows,
    PublishConflict,
    SchemaChanged,
    SnapshotMissing,
    TableMissing,
    UnreadableFile,
)
from shamal.providers.lakehouse.interval import Interval

TABLE = "flight_delays.flights"
TIME = "event_timestamp"
JANUARY = Interval.parse("2013-01-01", "2013-02-01")
FEBRUARY = Interval.parse("2013-02-01", "2013-03-01")


def rows(month: int, count: int = 3, value: float = 1.0) -> pa.Table:
    times = [datetime(2013, month, 1 + i, tzinfo=UTC) for i in range(count)]
    return pa.table(
        {
            "flight_id": [f"{month}-{i}" for i in range(count)],
            TIME: pa.array(times, pa.timestamp("us", "UTC")),
            "distance": pa.array([value] * count, pa.float64()),
        }
    )


def stage(hook: Any, interval: Interval, table: pa.Table) -> dict[str, Any]:
    with hook.attempt(TABLE, interval) as folder:
        (folder / "rows").mkdir()
        file = folder / "rows" / "part-0.parquet"
        pq.write_table(table, file)
        return hook.stage(TABLE, [file], interval, TIME, "staged")


def content(hook: Any, snapshot: int | None = None) -> list[dict[str, Any]]:
    return sorted(hook.scan(TABLE, snapshot).to_pylist(), key=str)


class LakehouseContract:
    """Subclass it with a fixture `hook`."""

    def test_staged_rows_are_invisible_until_published(self, hook: Any) -> None:
        staged = stage(hook, JANUARY, rows(1))
        assert staged | {"snapshot_id": 0} == {
            "table": TABLE,
            "branch": "staged",
            "snapshot_id": 0,
            "rows": 3,
            "start": "2013-01-01",
            "end": "2013-02-01",
        }
        assert content(hook) == []
        published = hook.publish(TABLE, "staged")
        assert (published["snapshot_id"], published["rows"]) == (staged["snapshot_id"], 3)
        assert len(content(hook)) == 3
        assert hook.publish(TABLE, "staged") == published

    def test_same_interval_three_times_leaves_the_same_rows(self, hook: Any) -> None:
        stage(hook, FEBRUARY, rows(2))
        hook.publish(TABLE, "staged")
        seen = []
        for _ in range(3):
            stage(hook, JANUARY, rows(1))
            hook.publish(TABLE, "staged")
            seen.append(content(hook))
        assert seen[0] == seen[1] == seen[2]
        assert len(seen[0]) == 6

    def test_a_stage_starts_again_at_main(self, hook: Any) -> None:
        stage(hook, JANUARY, rows(1))
        hook.publish(TABLE, "staged")
        stage(hook, JANUARY, rows(1, value=9.0))
        stage(hook, FEBRUARY, rows(2))
        hook.publish(TABLE, "staged")
        assert 9.0 not in hook.scan(TABLE)["distance"].to_pylist()

    def test_rows_outside_the_interval_are_refused(self, hook: Any) -> None:
        with pytest.raises(InvalidRows, match="3 of 3 rows"):
            stage(hook, FEBRUARY, rows(1))

    def test_changed_columns_are_refused(self, hook: Any) -> None:
        stage(hook, JANUARY, rows(1))
        with pytest.raises(SchemaChanged, match=r"distance \(double\) is missing; miles \(double\) is new"):
            stage(hook, JANUARY, rows(1).rename_columns(["flight_id", TIME, "miles"]))
        narrow = rows(1).set_column(2, "distance", pa.array([1, 2, 3], pa.int32()))
        with pytest.raises(SchemaChanged, match="distance is int32, the table has double"):
            stage(hook, JANUARY, narrow)

    def test_reordered_columns_are_accepted(self, hook: Any) -> None:
        stage(hook, JANUARY, rows(1))
        stage(hook, JANUARY, rows(1).select(["distance", TIME, "flight_id"]))
        hook.publish(TABLE, "staged")
        assert hook.scan(TABLE)["flight_id"].to_pylist() == ["1-0", "1-1", "1-2"]

    def test_a_timestamp_without_zone_is_refused(self, hook: Any) -> None:
        table = rows(1)
        naive = table.set_column(1, TIME, table[TIME].cast(pa.timestamp("us")))
        with pytest.raises(SchemaChanged, match=r"must be timestamp\[us, tz=UTC\]"):
            stage(hook, JANUARY, naive)

    def test_roll_back_shows_the_earlier_rows_and_drops_the_branch(self, hook: Any) -> None:
        first = stage(hook, JANUARY, rows(1))
        hook.publish(TABLE, "staged")
        second = stage(hook, FEBRUARY, rows(2))
        hook.publish(TABLE, "staged")
        result = hook.rollback(TABLE, first["snapshot_id"], "staged")
        assert (result["snapshot_id"], result["previous_snapshot_id"]) == (first["snapshot_id"], second["snapshot_id"])
        assert len(content(hook)) == 3
        with pytest.raises(SnapshotMissing, match="nothing is staged"):
            hook.publish(TABLE, "staged")
        with pytest.raises(SnapshotMissing, match="never was at snapshot 7777"):
            hook.rollback(TABLE, 7777, "staged")

    def test_publishing_over_a_moved_main_is_a_conflict(self, hook: Any) -> None:
        first = stage(hook, JANUARY, rows(1))
        hook.publish(TABLE, "staged")
        stage(hook, FEBRUARY, rows(2))
        hook.publish(TABLE, "staged")
        stage(hook, JANUARY, rows(1, value=2.0))
        hook.rollback(TABLE, first["snapshot_id"], "another")
        with hook.attempt(TABLE, JANUARY) as folder:
            (folder / "rows").mkdir()
            pq.write_table(rows(1, value=3.0), folder / "rows" / "part-0.parquet")
            hook.stage(TABLE, [folder / "rows" / "part-0.parquet"], JANUARY, TIME, "other")
        hook.publish(TABLE, "other")
        with pytest.raises(PublishConflict, match="moved since snapshot"):
            hook.publish(TABLE, "staged")

    def test_query_reads_versions(self, hook: Any) -> None:
        first = stage(hook, JANUARY, rows(1))
        hook.publish(TABLE, "staged")
        stage(hook, FEBRUARY, rows(2))
        hook.publish(TABLE, "staged")
        result = hook.query(
            "SELECT count(*) AS n, (SELECT count(*) FROM old) AS before FROM t",
            {"t": TABLE, "old": f"{TABLE}@{first['snapshot_id']}"},
        )
        assert result.to_pylist() == [{"n": 6, "before": 3}]
        assert hook.query("SELECT * FROM t LIMIT 1", {"t": TABLE}).column_names == ["flight_id", TIME, "distance"]

    def test_scan_selects_columns_and_rows(self, hook: Any) -> None:
        stage(hook, JANUARY, rows(1))
        hook.publish(TABLE, "staged")
        result = hook.scan(TABLE, columns=["distance"], row_filter="flight_id = '1-1'")
        assert result.to_pylist() == [{"distance": 1.0}]
        assert hook.snapshot_id(TABLE) == hook.snapshot_id(TABLE, "staged")

    def test_names(self, hook: Any) -> None:
        with pytest.raises(InvalidName, match="must be <model>"):
            hook.snapshot_id("../etc")
        with pytest.raises(TableMissing, match=r"no table flight_delays\.none"):
            hook.scan("flight_delays.none")

    def test_loading_the_same_files_again_adds_nothing(self, hook: Any, tmp_path: Path) -> None:
        log = tmp_path / "a.jsonl"
        line = '{"prediction_id": "%s", "time": "2013-01-01T00:00:00.5Z", "features": [1.5, 2.0], "score": 0.5}\n'
        log.write_text(line % "a" + line % "b" + (line % "c")[:20])
        load = ("flight_delays.predictions", str(tmp_path / "*.jsonl"), ["prediction_id"], ["time"])
        assert hook.load_files(*load)["added"] == 2
        again = hook.load_files(*load)
        assert again["added"] == 0
        log.write_text(line % "a" + line % "b" + line % "c")
        (tmp_path / "copy.jsonl").write_text(log.read_text())
        assert hook.load_files(*load)["added"] == 1
        loaded = hook.scan("flight_delays.predictions").to_pylist()
        assert sorted(row["prediction_id"] for row in loaded) == ["a", "b", "c"]
        assert loaded[0]["time"] == datetime(2013, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)
        assert loaded[0]["features"] == [1.5, 2.0]

    def test_damaged_files_load_nothing(self, hook: Any, tmp_path: Path) -> None:
        table = "flight_delays.predictions"
        (tmp_path / "a.jsonl").write_text('{"id": "a"}\n')
        (tmp_path / "b.jsonl").write_text('{"id" "b"}\n')
        with pytest.raises(UnreadableFile, match=r"b\.jsonl"):
            hook.load_files(table, str(tmp_path / "*.jsonl"), ["id"], [])
        (tmp_path / "b.jsonl").write_text('{"other": 1}\n')
        with pytest.raises(InvalidRows, match="no id, a key column"):
            hook.load_files(table, str(tmp_path / "*.jsonl"), ["id"], [])
        with pytest.raises(TableMissing):
            hook.scan(table)
