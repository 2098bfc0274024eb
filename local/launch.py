"""Becomes one server: ``python -m local.launch <name>``, called by the supervisor.

The server's secret goes from OpenBao into its environment; it is in no command line and in no file.
"""

from __future__ import annotations

import os
import sys

from local import groups, settings
from local.servers import BY_NAME
from local.vault import Vault


def main() -> None:
    """Replace this process with the server that the command line names."""
    server = BY_NAME[sys.argv[1]]
    values = settings.load()
    secret = Vault(values, "servers").require(f"servers/{server.secret}") if server.secret else {}
    groups.kill_leftovers(values, server.name)
    groups.record(values, server.name)
    command = server.command(values)
    environment = settings.process_environment(values) | server.environment(values, secret)
    os.execvpe(command[0], command, environment)  # noqa: S606 - the point of this program


if __name__ == "__main__":
    main()
