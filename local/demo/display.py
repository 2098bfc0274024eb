"""The live display: every DAG run of the demo with its tasks, states and durations."""

import sys
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

STYLES = {
    "success": "green",
    "running": "cyan",
    "deferred": "cyan",
    "awaiting_input": "yellow",
    "failed": "bold red",
    "up_for_retry": "yellow",
    "skipped": "dim",
}


class Display:
    """A table that follows the demo; on a terminal it is redrawn in place, elsewhere each change is one line."""

    def __init__(self) -> None:
        terminal = sys.stdout.isatty()
        # A log file has no width of its own; paths stay on one line there.
        self.console = Console(width=None if terminal else 160)
        self._live: Live | None = None
        self._states: dict[tuple[str, str], str] = {}

    def say(self, text: str) -> None:
        """Print one line above the table."""
        self.console.print(text, highlight=False)

    def follow(self, title: str, dag_id: str, tasks: list[dict[str, Any]]) -> None:
        """Show the tasks of the run that is going on."""
        if not self.console.is_terminal:
            self._print_changes(dag_id, tasks)
            return
        table = Table(title=f"{title} — {dag_id}", title_justify="left", box=None)
        for column in ("task", "state", "seconds"):
            table.add_column(column)
        for task in sorted(tasks, key=_start):
            state = task["state"] or "waiting"
            table.add_row(task["task_id"], f"[{STYLES.get(state, 'dim')}]{state}[/]", _seconds(task))
        if self._live is None:
            self._live = Live(console=self.console, refresh_per_second=4)
            self._live.start()
        self._live.update(table)

    def done(self) -> None:
        """Leave the last table on the screen and begin a new one next time."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _print_changes(self, dag_id: str, tasks: list[dict[str, Any]]) -> None:
        for task in sorted(tasks, key=_start):
            state = task["state"]
            key = (task["dag_run_id"], task["task_id"])
            if state and self._states.get(key) != state:
                self._states[key] = state
                self.say(f"  {dag_id}.{task['task_id']}: {state} {_seconds(task)}")


def _start(task: dict[str, Any]) -> str:
    return task["start_date"] or "9999"


def _seconds(task: dict[str, Any]) -> str:
    if not task["start_date"]:
        return ""
    start = datetime.fromisoformat(task["start_date"])
    end = datetime.fromisoformat(task["end_date"]) if task["end_date"] else datetime.now(UTC)
    return f"{(end - start).total_seconds():.1f}"
