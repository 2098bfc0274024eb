import io
from typing import Any

import pytest
from rich.console import Console

from local.demo.display import Display


def task(name: str, state: str | None, start: str | None = None, end: str | None = None) -> dict[str, Any]:
    return {"dag_run_id": "r", "task_id": name, "state": state, "start_date": start, "end_date": end}


FETCHED = task("fetch", "success", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:02.5+00:00")


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


def display(screen: io.StringIO, *, terminal: bool) -> Display:
    made = Display()
    made.console = Console(file=screen, force_terminal=terminal, width=100)
    return made


def test_off_a_terminal_each_change_is_one_line(screen: io.StringIO) -> None:
    shown = display(screen, terminal=False)
    for tasks in ([task("fetch", None)], [FETCHED], [FETCHED], [FETCHED, task("deploy", "skipped")]):
        shown.follow("Release", "flight_delays_release", tasks)
    assert screen.getvalue().splitlines() == [
        "  flight_delays_release.fetch: success 2.5",
        "  flight_delays_release.deploy: skipped ",
    ]


def test_on_a_terminal_the_table_shows_every_task_in_the_order_of_their_start(screen: io.StringIO) -> None:
    shown = display(screen, terminal=True)
    shown.follow("Release", "release", [task("deploy", None), FETCHED])
    shown.done()
    text = screen.getvalue()
    assert "Release — release" in text
    assert 0 < text.index("fetch") < text.index("deploy") < text.index("waiting")


def test_the_next_run_begins_a_table_of_its_own(screen: io.StringIO) -> None:
    shown = display(screen, terminal=True)
    shown.follow("Release", "first", [FETCHED])
    shown.done()
    shown.done()
    shown.follow("Watch", "second", [FETCHED])
    shown.done()
    assert "Watch — second" in screen.getvalue()
