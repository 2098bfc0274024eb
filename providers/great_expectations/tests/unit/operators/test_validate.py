from pathlib import Path
from typing import Any

import pyarrow as pa  # noqa: TID253 - a test module is a leaf
import pytest

from shamal.providers.great_expectations.errors import InvalidExpectations, TableMissing
from shamal.providers.great_expectations.operators import validate
from shamal.providers.great_expectations.testing import FakeStagedTableHook


@pytest.fixture
def arguments(expectations: Path, rows: pa.Table, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    hook = FakeStagedTableHook({("m.t", "staged"): rows})
    monkeypatch.setattr(validate, "StagedTableHook", lambda _: hook)
    return {
        "task_id": "validate",
        "table": "m.t",
        "start": "2013-01-01",
        "end": "2013-02-01",
        "expectations": str(expectations),
        "quarantine_table": "m.quarantine",
        "max_quarantined": 0.1,
        "min_rows": 1,
    }


def test_counts_are_returned(arguments: dict[str, Any]) -> None:
    result = validate.ValidateTableOperator(**arguments).execute({})
    assert (result["rows"], result["good"], result["quarantined"]) == (20, 18, 2)


def test_bad_input(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidExpectations, match=r"none\.yaml is no readable"):
        validate.ValidateTableOperator(**arguments | {"expectations": "none.yaml"}).execute({})
    with pytest.raises(TableMissing, match="no table m.other"):  # noqa: RUF043 - a dot matches a dot
        validate.ValidateTableOperator(**arguments | {"table": "m.other"}).execute({})
