"""Becomes `mlflow models serve`: `python -m local.bench.scoring_server <model folder> <port>`, in a group of its own.

The group is recorded, so that the next run ends what an interrupted bench left.
"""

import os
import sys

from local import groups, settings

NAME = "scoring_server"


def main(folder: str, port: str) -> None:
    """Replace this process with MLflow's scoring server for one model, in this environment, with one worker."""
    values = settings.load()
    groups.kill_leftovers(values, NAME)
    groups.record(values, NAME)
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", folder, "--env-manager", "local"]
    command += ["--host", "127.0.0.1", "--port", port, "--workers", "1"]
    os.execvpe(command[0], command, settings.process_environment(values))  # noqa: S606 - the point of this program


if __name__ == "__main__":
    main(*sys.argv[1:])
