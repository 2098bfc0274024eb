"""Runs the demo, prints its summary, writes demo.json, and exits 0 only if all of it is true."""

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
from local.settings import load
from local.stack import process_ids, up


def main() -> int:
    """Start the stack, run the story, report; return the exit code."""
    os.umask(0o077)
    settings = load()
    display = Display()
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
