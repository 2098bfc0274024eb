"""``python -m local up|down|status``."""

from __future__ import annotations

import argparse
import os
import sys

from local import settings, stack
from local.ports import PortTakenError
from local.server import NotReadyError
from local.vault import LostKeysError


def main() -> int:
    """Run the command; return 0 when the stack is as asked."""
    parser = argparse.ArgumentParser(prog="python -m local", description="The laptop stack.")
    parser.add_argument("command", choices=["up", "down", "status"])
    command = parser.parse_args().command
    os.umask(0o077)
    try:
        values = settings.load()
        if command == "status":
            return 0 if stack.status(values) else 1
        (stack.up if command == "up" else stack.down)(values)
    except (
        settings.UnknownEnvironmentError,
        PortTakenError,
        NotReadyError,
        LostKeysError,
        stack.ServerFailedError,
        OSError,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
