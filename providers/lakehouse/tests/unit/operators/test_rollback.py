from pathlib import Path

import pytest
from lakehouse_contract import FEBRUARY, JANUARY, TABLE, rows, stage

from shamal.providers.lakehouse.errors import SnapshotMissing
from shamal.providers.lakehouse.operators import rollback
from shamal.providers.lakehouse.testing import FakeLakehouseHook


def test_rollback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = FakeLakehouseHook(tmp_path)
    monkeypatch.setattr(rollback, "LakehouseHook", lambda _: hook)
    first = stage(hook, JANUARY, rows(1))["snapshot_id"]
    hook.publish(TABLE, "staged")
    stage(hook, FEBRUARY, rows(2))
    hook.publish(TABLE, "staged")
    task = rollback.RollbackTableOperator(task_id="rollback", table=TABLE, snapshot_id=str(first))
    assert task.execute({})["snapshot_id"] == first
    with pytest.raises(SnapshotMissing, match="'newest' of table"):
        rollback.RollbackTableOperator(task_id="rollback", table=TABLE, snapshot_id="newest").execute({})
