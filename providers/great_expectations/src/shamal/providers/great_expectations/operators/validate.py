"""Checks a staged interval of an Iceberg table against its contract."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from shamal.providers.great_expectations.contract import load_contract
from shamal.providers.great_expectations.hooks.staged_table import StagedTableHook
from shamal.providers.great_expectations.interval import interval_filter
from shamal.providers.great_expectations.validation import Limits, validate

if TYPE_CHECKING:
    from airflow.sdk import Context


class ValidateTableOperator(BaseOperator):
    """Moves staged rows that break a row rule to the quarantine table, and stops when the interval breaks the contract.

    Readers of the table see no difference: only the branch is rewritten. Rows read = good + quarantined, always.
    Run again, it validates the rows as they were staged and leaves the same rows everywhere.

    :param table: `<model>.<table>`. (templated)
    :param branch: Iceberg branch that holds the staged rows.
    :param start: first day of the interval, YYYY-MM-DD. (templated)
    :param end: day after the last day of the interval. (templated)
    :param time_column: timestamp column that places a row in the interval.
    :param expectations: YAML file with `row_rules` and `table_rules`. (templated)
    :param quarantine_table: `<model>.<table>` for bad rows, with their reasons in `broken_rules`. (templated)
    :param max_quarantined: largest share (0 to 1) of the rows that may be quarantined.
    :param min_rows: fewest good rows.
    :param lakehouse_conn_id: connection of type `shamal_lakehouse`.
    """

    template_fields: Sequence[str] = ("table", "start", "end", "expectations", "quarantine_table")

    def __init__(
        self,
        *,
        table: str,
        branch: str = "staged",
        start: str,
        end: str,
        time_column: str = "event_timestamp",
        expectations: str,
        quarantine_table: str,
        max_quarantined: float,
        min_rows: int,
        lakehouse_conn_id: str = "lakehouse_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.branch = branch
        self.start = start
        self.end = end
        self.time_column = time_column
        self.expectations = expectations
        self.quarantine_table = quarantine_table
        self.max_quarantined = max_quarantined
        self.min_rows = min_rows
        self.lakehouse_conn_id = lakehouse_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Return rows, good, quarantined, rules (broken rows by rule) and snapshot_id (of the good rows)."""
        result = validate(
            StagedTableHook(self.lakehouse_conn_id),
            load_contract(Path(self.expectations)),
            Limits(self.max_quarantined, self.min_rows),
            table=self.table,
            branch=self.branch,
            interval=interval_filter(self.time_column, self.start, self.end),
            quarantine_table=self.quarantine_table,
        )
        self.log.info("%s rows = %s good + %s quarantined", result["rows"], result["good"], result["quarantined"])
        return result
