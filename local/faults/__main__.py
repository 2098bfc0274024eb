"""Injects every fault, one after another, and prints what became of it; exit code 0 only if every promise is kept."""

import os
import sys

from local.settings import load, process_environment

# Before anything imports Airflow: its hooks read their connections from the stack's own secret store.
os.environ |= process_environment(load())

from local.faults.table import run

if __name__ == "__main__":
    sys.exit(run(load(), sys.argv[1:]))
