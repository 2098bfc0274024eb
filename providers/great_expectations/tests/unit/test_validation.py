from pathlib import Path
from typing import Any

import pyarrow as pa  # noqa: TID253 - a test module is a leaf
import pytest

from shamal.providers.great_expectations.checks import Outcome
from shamal.providers.great_expectations.contract import load_contract
from shamal.providers.great_expectations.errors import ContractViolated, InvalidExpectations, RowsLost
from shamal.providers.great_expectations.interval import interval_filter
from shamal.providers.great_expectations.testing import FakeStagedTableHook
from shamal.providers.great_expectations.validation import Limits, split, validate

KEY = ("m.t", "staged")


def run(
    hook: FakeStagedTableHook, expectations: Path, max_quarantined: float = 0.1, min_rows: int = 1
) -> dict[str, Any]:
    return validate(
        hook,
        load_contract(expectations),
        Limits(max_quarantined, min_rows),
        table="m.t",
        branch="staged",
        interval=interval_filter("event_timestamp", "2013-01-01", "2013-02-01"),
        quarantine_table="m.quarantine",
    )


def test_bad_rows_are_quarantined_with_their_reasons(expectations: Path, rows: pa.Table) -> None:
    hook = FakeStagedTableHook({KEY: rows})
    result = run(hook, expectations)
    assert result == {
        "rows": 20,
        "good": 18,
        "quarantined": 2,
        "rules": {"distance_positive": 2, "carrier_known": 1, "carrier_present": 0},
        "snapshot_id": 2,
    }
    bad = hook.quarantined["m.quarantine"]
    assert bad["flight_id"].to_pylist() == [3, 7]
    assert bad["broken_rules"].to_pylist() == [["distance_positive"], ["distance_positive", "carrier_known"]]
    assert set(hook.kept[KEY]["flight_id"].to_pylist()) == set(range(20)) - {3, 7}


def test_too_many_bad_rows_publish_nothing(expectations: Path, rows: pa.Table) -> None:
    hook = FakeStagedTableHook({KEY: rows})
    with pytest.raises(ContractViolated) as error:
        run(hook, expectations, max_quarantined=0.05, min_rows=19)
    for part in (
        "2 of 20 rows are bad (10.00%), the limit is 5.00%",
        "row rule distance_positive: broken by 2 rows",
        "18 good rows, at least 19",
        "m.quarantine",
    ):
        assert part in str(error.value)
    assert "424242" not in str(error.value)
    assert len(hook.quarantined["m.quarantine"]) == 2
    assert hook.kept[KEY] is rows


def test_a_broken_table_rule_publishes_nothing(expectations: Path, rows: pa.Table) -> None:
    hook = FakeStagedTableHook({KEY: pa.concat_tables([rows, rows.slice(0, 1)])})
    with pytest.raises(ContractViolated, match="table rule unique_flights: broken by 2 rows"):
        run(hook, expectations)


def test_a_rule_that_raises_publishes_nothing(expectations: Path, rows: pa.Table) -> None:
    expectations.write_text(expectations.read_text().replace("column: distance", "column: carrier"))
    with pytest.raises(ContractViolated, match=r"row rule distance_positive: raised .* inside Great Expectations"):
        run(FakeStagedTableHook({KEY: rows}), expectations)


@pytest.mark.parametrize(("share", "count"), [(1.5, 0), (-0.1, 0), (0.1, -1)])
def test_limits_that_make_no_sense(expectations: Path, rows: pa.Table, share: float, count: int) -> None:
    with pytest.raises(InvalidExpectations, match=r"max_quarantined is|min_rows is"):
        run(FakeStagedTableHook({KEY: rows}), expectations, share, count)


def test_rows_add_up(rows: pa.Table) -> None:
    with pytest.raises((RowsLost, IndexError)):
        split(rows, [Outcome("r", "broken", [99])])
