"""Runs the demo, prints its summary, writes demo.json, and exits 0 only if all of it is true.

`python -m local.demo rollback` shows how a poisoned model is stopped, on the stack that the demo left.
"""

import json
import os
import sys
import time
from pathlib import Path

import requests

from local.demo.display import Display
from local.demo.memory import PeakMemory
from local.demo.story import DemoFailed, Story
from local.demo.summary import show
from local.settings import Settings, load, process_environment
from local.stack import process_ids, up


def main() -> int:
    """Run the demo, or its rollback; return the exit code."""
    os.umask(0o077)
    return rollback(load(), Display()) if sys.argv[1:] == ["rollback"] else life(load(), Display())


def rollback(settings: Settings, display: Display) -> int:
    """Start the stack if needed and release a poisoned model; return the exit code."""
    # Before anything imports Airflow: its hooks read their connections from the stack's own secret store.
    os.environ |= process_environment(settings)
    from local.demo import poisoned

    up(settings)
    return poisoned.run(Story(settings, display), display)


def life(settings: Settings, display: Display) -> int:
    """Start the stack, run the story, report; return the exit code."""
    began = time.monotonic()
    with PeakMemory(lambda: process_ids(settings)) as memory:
        up(settings)
        story = Story(settings, display)
        try:
            summary = story.run()
        except (DemoFailed, TimeoutError, requests.RequestException) as error:
            display.done()
            display.say(f"\n[bold red]The demo failed.[/] {error}")
            display.say("The stack stays up: look at `make status`, or start over with `make clean demo`.")
            return 1
    summary["seconds"] = round(time.monotonic() - began, 1)
    summary["peak_memory_gib"] = round(memory.peak_gib, 2)
    Path(settings["SHAMAL_STATE"], "demo.json").write_text(json.dumps(summary, indent=2) + "\n")
    show(summary, display.console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
