"""Validates one staged interval: bad rows to quarantine, good rows stay, or the contract is violated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from shamal.providers.great_expectations.checks import Outcome, evaluate
from shamal.providers.great_expectations.contract import Contract
from shamal.providers.great_expectations.errors import ContractViolated, InvalidExpectations, RowsLost

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.expressions import BooleanExpression

BROKEN_RULES = "broken_rules"


class StagedTable(Protocol):
    """What validation needs of a table: StagedTableHook, or the fake of testing.py."""

    def columns(self, table: str) -> list[str]:
        """Return the table's column names."""

    def read(self, table: str, branch: str, interval: BooleanExpression) -> tuple[pa.Table, int]:
        """Return the rows as they were staged, and their snapshot."""

    def keep(self, table: str, branch: str, interval: BooleanExpression, good: pa.Table, staged: int) -> int:
        """Replace the branch's interval by the good rows."""

    def quarantine(self, table: str, interval: BooleanExpression, bad: pa.Table) -> None:
        """Replace the quarantine table's interval."""


@dataclass(frozen=True)
class Limits:
    """When the interval as a whole is refused.

    :param max_quarantined: largest share (0 to 1) of the rows that may be quarantined.
    :param min_rows: fewest good rows.
    """

    max_quarantined: float
    min_rows: int

    def check(self) -> None:
        """Raise unless the limits make sense."""
        if not 0 <= self.max_quarantined <= 1:
            raise InvalidExpectations(f"max_quarantined is {self.max_quarantined}; it is a share from 0 to 1.")
        if self.min_rows < 0:
            raise InvalidExpectations(f"min_rows is {self.min_rows}; it is a number of rows, 0 or more.")


def validate(
    hook: StagedTable,
    contract: Contract,
    limits: Limits,
    *,
    table: str,
    branch: str,
    interval: BooleanExpression,
    quarantine_table: str,
) -> dict[str, Any]:
    """Return the counts and the snapshot of the good rows; run again, it leaves the same rows everywhere.

    The quarantine table is written first, so that no row is ever missing from both.

    :raises ContractViolated: too many bad rows, too few good ones, or a table rule is broken; the branch stays.
    """
    limits.check()
    contract.check_columns(hook.columns(table))
    rows, staged = hook.read(table, branch, interval)
    outcomes = evaluate(rows.to_pandas(), contract.row_rules)
    good, bad = split(rows, outcomes)
    hook.quarantine(quarantine_table, interval, bad)
    violations = _row_violations(outcomes, len(rows), len(bad), len(good), limits)
    violations += [
        f"table rule {outcome.rule}: {outcome.problem}; all good rows together must satisfy it"
        for outcome in evaluate(good.to_pandas(), contract.table_rules)
        if outcome.problem
    ]
    if violations:
        listed = "\n".join(f"- {violation}" for violation in violations)
        raise ContractViolated(
            f"{len(rows)} staged rows of table {table} break the contract {contract.file}:\n{listed}\n"
            f"Nothing may be published; main is untouched. Look at the {len(bad)} rows in {quarantine_table} (column "
            f"{BROKEN_RULES}), correct the source or the rule, and run the stage task again."
        )
    snapshot = hook.keep(table, branch, interval, good, staged) if len(bad) else staged
    return {
        "rows": len(rows),
        "good": len(good),
        "quarantined": len(bad),
        "rules": {outcome.rule: len(outcome.broken) for outcome in outcomes},
        "snapshot_id": snapshot,
    }


def split(rows: pa.Table, outcomes: list[Outcome]) -> tuple[pa.Table, pa.Table]:
    """Return the good rows, and the bad ones with the names of the rules they break.

    :raises RowsLost: the two do not add up.
    """
    import pyarrow as pa

    broken: dict[int, list[str]] = {}
    for outcome in outcomes:
        for position in outcome.broken:
            broken.setdefault(position, []).append(outcome.rule)
    positions = sorted(broken)
    is_good = [True] * len(rows)
    for position in positions:
        is_good[position] = False
    good = rows.filter(pa.array(is_good, pa.bool_()))
    reasons = pa.array([broken[position] for position in positions], pa.list_(pa.string()))
    bad = rows.take(pa.array(positions, pa.int64())).append_column(BROKEN_RULES, reasons)
    if len(good) + len(bad) != len(rows):
        raise RowsLost(
            f"{len(rows)} rows became {len(good)} good and {len(bad)} quarantined ones; please report this bug."
        )
    return good, bad


def _row_violations(outcomes: list[Outcome], rows: int, bad: int, good: int, limits: Limits) -> list[str]:
    violations = [
        f"row rule {outcome.rule}: {outcome.problem}" for outcome in outcomes if outcome.problem and not outcome.broken
    ]
    if bad > limits.max_quarantined * rows:
        violations.append(f"{bad} of {rows} rows are bad ({bad / rows:.2%}), the limit is {limits.max_quarantined:.2%}")
        violations += [f"row rule {outcome.rule}: {outcome.problem}" for outcome in outcomes if outcome.broken]
    if good < limits.min_rows:
        violations.append(f"{good} good rows, at least {limits.min_rows} are needed")
    return violations
