"""Runs the faults and shows them as one table."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.faults import bad_versions, lost_servers, stale_features
from local.faults.outcome import Outcome
from local.faults.world import World, world
from local.settings import Settings

FAULTS: dict[str, Callable[[World], Outcome]] = {
    "load": bad_versions.crashes_at_load,
    "crash": bad_versions.crashes_under_load,
    "slow": bad_versions.slow,
    "nan": bad_versions.not_a_number,
    "schema": bad_versions.wrong_schema,
    "slice": bad_versions.wrong_slice,
    "stale": stale_features.stale,
    "controller": lost_servers.controller_killed,
    "triton": lost_servers.triton_killed,
    "mlflow": lost_servers.mlflow_down,
    "disk": lost_servers.disk_full,
    "race": lost_servers.two_promotions,
}


def run(settings: Settings, names: list[str]) -> int:
    """Inject the faults, print the table, write `.shamal/faults.json`; return 0 if every promise is kept.

    :param settings: of the running stack.
    :param names: of FAULTS; none means all.
    """
    console = Console(width=140)
    unknown = sorted(set(names) - set(FAULTS))
    if unknown:
        console.print(f"no fault {', '.join(unknown)}; known: {', '.join(FAULTS)}")
        return 2
    outcomes = []
    for name in names or FAULTS:
        with world(settings, name) as broken:
            outcomes.append(FAULTS[name](broken))
        console.print(f"  {outcomes[-1].fault}: {'; '.join(outcomes[-1].broken_promises) or 'as promised'}")
    console.print(show(outcomes))
    Path(settings["SHAMAL_STATE"], "faults.json").write_text(
        json.dumps([asdict(outcome) for outcome in outcomes], indent=2) + "\n"
    )
    return 1 if any(outcome.broken_promises for outcome in outcomes) else 0


def show(outcomes: list[Outcome]) -> Table:
    """Return the table."""
    table = Table(title="Injected faults at 50 requests/s", title_justify="left", box=None)
    for column in ("fault", "stopped by", "detected s", "restored s", "sent", "lost", "after switch", ""):
        table.add_column(column, justify="left" if column in ("fault", "stopped by", "") else "right")
    for each in outcomes:
        table.add_row(
            each.fault,
            each.stopped_by or "nothing",
            f"{each.detected:.1f}",
            f"{each.restored:.1f}",
            str(each.sent),
            str(each.lost),
            str(each.after_switch),
            "; ".join(each.broken_promises) or "as promised",
        )
    return table
