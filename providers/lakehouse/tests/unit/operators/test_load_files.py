from pathlib import Path

import pytest

from shamal.providers.lakehouse.errors import InvalidName
from shamal.providers.lakehouse.operators import load_files
from shamal.providers.lakehouse.testing import FakeLakehouseHook


def test_load_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = FakeLakehouseHook(tmp_path)
    monkeypatch.setattr(load_files, "LakehouseHook", lambda _: hook)
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n{"id": 2}\n')
    arguments = {"task_id": "load", "files": str(tmp_path / "*.jsonl"), "key_columns": ["id"]}
    task = load_files.LoadFilesOperator(table="flight_delays.predictions", **arguments)
    assert [task.execute({})["added"] for _ in range(2)] == [2, 0]
    with pytest.raises(InvalidName):
        load_files.LoadFilesOperator(table="predictions", **arguments).execute({})
