"""`make gate MODEL=<model>`: include.release.gate with the connections and credentials of the laptop stack."""

from __future__ import annotations

import os
import sys

from local.settings import load, process_environment
from local.supervisor import Supervisor


def main() -> None:
    """Replace this process with `python -m include.release.gate` and the same arguments."""
    settings = load()
    if Supervisor(settings).pid() is None:
        sys.exit("The stack is not running, so there is no registry to ask. Start it with `make up`.")
    command = [sys.executable, "-m", "include.release.gate", *sys.argv[1:]]
    os.execvpe(command[0], command, process_environment(settings))  # noqa: S606 - a list, no shell


if __name__ == "__main__":
    main()
