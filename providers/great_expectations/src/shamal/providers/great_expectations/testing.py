"""An in-memory StagedTableHook for unit tests: the same methods and errors, no catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shamal.providers.great_expectations.errors import TableMissing

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.expressions import BooleanExpression


class FakeStagedTableHook:
    """Holds one staged interval by table and branch, and what was quarantined by table.

    :param staged: rows by (table, branch).
    """

    def __init__(self, staged: dict[tuple[str, str], pa.Table]) -> None:
        self.kept = dict(staged)
        self.quarantined: dict[str, pa.Table] = {}
        self._staged = staged
        self._snapshot = 1

    def columns(self, table: str) -> list[str]:
        """Return the table's column names."""
        for (name, _), rows in self._staged.items():
            if name == table:
                return list(rows.column_names)
        raise TableMissing(f"no table {table}; run the stage task first.")

    def read(self, table: str, branch: str, _: BooleanExpression) -> tuple[pa.Table, int]:
        """Return the rows as they were staged, and their snapshot."""
        if (table, branch) not in self._staged:
            raise TableMissing(f"table {table} has no branch {branch!r}; run the stage task first.")
        return self._staged[table, branch], 1

    def keep(self, table: str, branch: str, _: BooleanExpression, good: pa.Table, staged: int) -> int:
        """Replace the branch's interval by the good rows."""
        self.kept[table, branch] = good
        self._snapshot += 1
        return self._snapshot

    def quarantine(self, table: str, _: BooleanExpression, bad: pa.Table) -> None:
        """Replace the quarantine table's interval."""
        self.quarantined[table] = bad
