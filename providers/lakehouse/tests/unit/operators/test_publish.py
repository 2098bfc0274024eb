from pathlib import Path

import pytest
from lakehouse_contract import JANUARY, TABLE, rows, stage

from shamal.providers.lakehouse.errors import TableMissing
from shamal.providers.lakehouse.operators import publish
from shamal.providers.lakehouse.testing import FakeLakehouseHook


def test_publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = FakeLakehouseHook(tmp_path)
    monkeypatch.setattr(publish, "LakehouseHook", lambda _: hook)
    task = publish.PublishTableOperator(task_id="publish", table=TABLE)
    with pytest.raises(TableMissing, match=TABLE):
        task.execute({})
    staged = stage(hook, JANUARY, rows(1))
    result = task.execute({})
    assert (result["table"], result["snapshot_id"], result["rows"]) == (TABLE, staged["snapshot_id"], 3)
