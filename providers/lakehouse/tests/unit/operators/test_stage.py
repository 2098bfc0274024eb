import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # noqa: TID253 - a test module is a leaf
import pytest
from lakehouse_contract import rows

from shamal.providers.lakehouse import spark
from shamal.providers.lakehouse.errors import InvalidInterval, JobMissing, NoData, SourceChanged, SourceMissing
from shamal.providers.lakehouse.operators import stage
from shamal.providers.lakehouse.testing import FakeLakehouseHook


class Submit:
    """Stands in for SparkSubmitHook: writes what the job would."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count, self.killed = folder, count, False

    def submit(self, _: str) -> None:
        (self.folder / spark.ROWS).mkdir()
        pq.write_table(rows(1, self.count), self.folder / spark.ROWS / "part-0.parquet")
        summary = {"rows": self.count, "available": ["2013-01-01", "2013-12-31"]}
        (self.folder / spark.SUMMARY).write_text(json.dumps(summary))

    def on_kill(self) -> None:
        self.killed = True


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "flights.csv").write_text("carrier\nUA\n")
    (folder / "ingest.py").write_text("")
    return folder


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeLakehouseHook:
    hook = FakeLakehouseHook(tmp_path / "staging")
    monkeypatch.setattr(stage, "LakehouseHook", lambda _: hook)
    monkeypatch.setattr(spark, "submit_hook", lambda **arguments: Submit(arguments["folder"], 3))
    return hook


def operator(folder: Path, **changes: Any) -> stage.SparkStageOperator:
    digest = hashlib.sha256((folder / "flights.csv").read_bytes()).hexdigest()
    arguments = {
        "application": str(folder / "ingest.py"),
        "source": str(folder),
        "source_sha256": {"flights.csv": digest},
        "start": "2013-01-01",
        "end": "2013-02-01",
        "table": "flight_delays.flights",
    }
    return stage.SparkStageOperator(task_id="stage", **(arguments | changes))


def test_rows_are_staged_and_the_folder_is_removed(source: Path, fake: FakeLakehouseHook) -> None:
    result = operator(source).execute({})
    assert (result["rows"], result["branch"]) == (3, "staged")
    assert fake.snapshot_id("flight_delays.flights", "staged") == result["snapshot_id"]
    assert [path.name for path in (fake.folder / "flight_delays.flights").iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"source": "/no/such"}, SourceMissing),
        ({"source_sha256": {"flights.csv": "0" * 64}}, SourceChanged),
        ({"source_sha256": {"other.csv": "0" * 64}}, SourceMissing),
        ({"end": "2013-01-01"}, InvalidInterval),
        ({"application": "/no/ingest.py"}, JobMissing),
    ],
)
def test_bad_input_stops_before_spark(
    source: Path, fake: FakeLakehouseHook, changes: dict[str, Any], error: type[Exception], monkeypatch: Any
) -> None:
    monkeypatch.setattr(spark, "submit_hook", None)
    with pytest.raises(error):
        operator(source, **changes).execute({})
    assert not fake.tables


def test_no_row_is_an_error_that_names_what_there_is(
    source: Path, fake: FakeLakehouseHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark, "submit_hook", lambda **arguments: Submit(arguments["folder"], 0))
    with pytest.raises(NoData, match=r"\[2013-01-01, 2013-02-01\) of source .* holds 2013-01-01 to 2013-12-31"):
        operator(source).execute({})
    assert not fake.tables


def test_a_source_replaced_while_spark_reads_it_is_refused(
    source: Path, fake: FakeLakehouseHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def submit(**arguments: Any) -> Submit:
        (source / "flights.csv").write_text("carrier\nAA\n")
        return Submit(arguments["folder"], 3)

    task = operator(source)
    monkeypatch.setattr(spark, "submit_hook", submit)
    with pytest.raises(SourceChanged, match=r"flights\.csv"):
        task.execute({})
    assert not fake.tables


def test_a_killed_task_stops_spark(source: Path, tmp_path: Path) -> None:
    task = operator(source)
    task.on_kill()
    task._submit = Submit(tmp_path, 1)
    task.on_kill()
    assert task._submit.killed
