"""Starts the stack if needed and shows how a poisoned model is stopped: `python -m local.demo.rollback`."""

import os
import sys

from local.settings import load, process_environment

# Before anything imports Airflow: its hooks read their connections from the stack's own secret store.
os.environ |= process_environment(load())

from local.demo import poisoned
from local.demo.display import Display
from local.demo.story import Story
from local.stack import up


def main() -> int:
    """Return the exit code."""
    os.umask(0o077)
    settings, display = load(), Display()
    up(settings)
    return poisoned.run(Story(settings, display), display)


if __name__ == "__main__":
    sys.exit(main())
