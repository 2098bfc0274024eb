"""The operator on real Iceberg tables."""

from pathlib import Path
from typing import Any

import pyarrow as pa  # noqa: TID253 - a test module is a leaf
import pytest

from shamal.providers.great_expectations.errors import ContractViolated, TableMissing
from shamal.providers.great_expectations.hooks.staged_table import StagedTableHook
from shamal.providers.great_expectations.interval import interval_filter
from shamal.providers.great_expectations.operators.validate import ValidateTableOperator

pytestmark = pytest.mark.integration
JANUARY = interval_filter("event_timestamp", "2013-01-01", "2013-02-01")


@pytest.fixture
def hook(lake: Path, rows: pa.Table) -> StagedTableHook:
    """Return a hook on a table with an empty main and the rows staged."""
    hook = StagedTableHook()
    hook.catalog.create_namespace("m")
    table = hook.catalog.create_table("m.t", rows.schema)
    table.append(rows.schema.empty_table())
    table.manage_snapshots().create_branch(table.current_snapshot().snapshot_id, "staged").commit()
    table.append(rows, branch="staged")
    return hook


def validate(expectations: Path, **changes: Any) -> dict[str, Any]:
    arguments = {
        "task_id": "validate",
        "table": "m.t",
        "start": "2013-01-01",
        "end": "2013-02-01",
        "expectations": str(expectations),
        "quarantine_table": "m.quarantine",
        "max_quarantined": 0.1,
        "min_rows": 1,
    }
    return ValidateTableOperator(**(arguments | changes)).execute({})


def flights(hook: StagedTableHook, table: str, ref: str = "main") -> list[int]:
    iceberg = hook.catalog.load_table(table)
    head = iceberg.snapshot_by_name(ref)
    return sorted(iceberg.scan(snapshot_id=head.snapshot_id).to_arrow()["flight_id"].to_pylist())


def test_three_runs_leave_the_same_rows(hook: StagedTableHook, expectations: Path) -> None:
    for _ in range(3):
        result = validate(expectations)
        assert (result["rows"], result["good"], result["quarantined"]) == (20, 18, 2)
        assert flights(hook, "m.t", "staged") == sorted(set(range(20)) - {3, 7})
        assert flights(hook, "m.quarantine") == [3, 7]
        assert flights(hook, "m.t") == []
    assert hook.catalog.load_table("m.t").snapshot_by_name("staged").snapshot_id == result["snapshot_id"]


def test_a_violated_contract_leaves_the_branch_and_shows_the_bad_rows(
    hook: StagedTableHook, expectations: Path
) -> None:
    with pytest.raises(ContractViolated):
        validate(expectations, max_quarantined=0.0)
    assert flights(hook, "m.quarantine") == [3, 7]
    assert len(flights(hook, "m.t", "staged")) == 20
    assert flights(hook, "m.t") == []


def test_an_interval_that_became_clean_empties_its_quarantine(
    hook: StagedTableHook, expectations: Path, rows: pa.Table
) -> None:
    validate(expectations)
    clean = rows.set_column(2, "distance", pa.array([1.0] * 20)).set_column(3, "carrier", pa.array(["UA"] * 20))
    table = hook.catalog.load_table("m.t")
    table.overwrite(clean, JANUARY, branch="staged")
    assert validate(expectations)["good"] == 20
    assert flights(hook, "m.quarantine") == []


def test_nothing_staged(hook: StagedTableHook, expectations: Path) -> None:
    with pytest.raises(TableMissing, match="has no branch 'other'"):
        validate(expectations, branch="other")
