"""`python -m local.bench [measurement …] [--model NAME]`: measures, prints the table, adds a run to bench.json.

Exits with 1 when something could not be measured; a value over its budget is shown, not an error.
"""

import argparse
import os
import sys
from pathlib import Path

import requests
from rich.console import Console

from local.bench import (
    demo,
    display,
    empty_tasks,
    history,
    install,
    join,
    parse,
    router,
    serving,
    tax,
    warm_workers,
)
from local.bench.context import Bench, BenchStack
from local.bench.life import DAYS
from local.bench.result import CannotMeasure, Value
from local.settings import load

MEASUREMENTS = {
    "install": install.measure,
    "demo": demo.measure,
    "parse": parse.measure,
    "join": join.measure,
    "tasks": empty_tasks.measure,
    "warm": warm_workers.measure,
    "tax": tax.measure,
    "router": router.measure,
    "serving": serving.measure,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen measurements and return the exit code."""
    given = _parser().parse_args(arguments)
    os.umask(0o077)
    console = Console()
    values: dict[str, list[Value]] = {}
    reasons: dict[str, str] = {}
    with BenchStack() as stack:
        bench = Bench(load(""), stack, given.model)
        for name in given.measurements or MEASUREMENTS:
            console.print(f"measuring {name} …", style="dim")
            try:
                values[name] = MEASUREMENTS[name](bench)
            except (CannotMeasure, TimeoutError, requests.RequestException) as error:
                reasons[name] = str(error)
    file = Path(bench.settings["SHAMAL_STATE"]) / "bench.json"
    before = history.add(file, [value for each in values.values() for value in each], reasons)
    console.print(display.table(values, reasons, before))
    machine = history.machine()
    console.print(f"{machine['cores']} cores, {machine['gib']} GiB, commit {history.commit() or 'unknown'}; {file}")
    return 1 if reasons else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.bench", description="Measure; see local/bench/.")
    # argparse checks `choices` of an empty list too, hence the type.
    parser.add_argument("measurements", nargs="*", type=_measurement, help=f"of {', '.join(MEASUREMENTS)}; default all")
    parser.add_argument(
        "--model",
        choices=sorted(DAYS),
        default="seattle_weather",
        help="for tax. The budget of the tax is stated for work of the size of flight_delays, whose two "
        "lives take several minutes; the default is the quicker model, whose tax is shown without a budget",
    )
    return parser


def _measurement(name: str) -> str:
    if name not in MEASUREMENTS:
        raise argparse.ArgumentTypeError(f"{name!r} is no measurement; choose from {', '.join(MEASUREMENTS)}")
    return name


if __name__ == "__main__":
    sys.exit(main())
