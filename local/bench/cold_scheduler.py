"""Becomes the scheduler without preload: `python -m local.bench.cold_scheduler`, in a process group of its own.

The group is recorded as the scheduler's, so that the next `up` or `down` ends what an interrupted bench left.
"""

import os

from local import groups, settings
from local.servers import BY_NAME


def main() -> None:
    """Replace this process with the scheduler."""
    values = settings.load()
    server = BY_NAME["scheduler"]
    groups.kill_leftovers(values, server.name)
    groups.record(values, server.name)
    command = server.command(values)
    environment = settings.process_environment(values) | {"SHAMAL_WARM_WORKERS": "false"}
    os.execvpe(command[0], command, environment)  # noqa: S606 - the point of this program


if __name__ == "__main__":
    main()
