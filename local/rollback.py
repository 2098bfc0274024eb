"""``python -m local.rollback <model>``: gives a model's traffic back to its previous version, whatever else is down.

Works on the model repository's files and asks Triton, if it runs, whether the router follows. Airflow, MLflow and
OpenBao are not asked: the registry's alias is owed, and the DAG `reconcile` pays when they are back.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local import settings as stack_settings
from local.seed import connection, declared
from local.settings import Settings

if TYPE_CHECKING:
    from shamal.providers.triton.hooks.triton import TritonHook

CONNECTION = "triton_default"


def main() -> int:
    """Roll back, print what was done and what is owed; return 0 when the model's files say so."""
    parser = argparse.ArgumentParser(prog="python -m local.rollback", description="Roll a model back.")
    parser.add_argument("model", help="registered name, such as flight_delays")
    parser.add_argument("--reason", default="by hand", help="why, for the journal")
    arguments = parser.parse_args()
    os.umask(0o077)
    settings = stack_settings.load()
    without_airflow(settings)
    from airflow.sdk.exceptions import AirflowException

    try:
        print(rollback(hook(settings), arguments.model, arguments.reason))
    except AirflowException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def rollback(triton: TritonHook, model: str, reason: str) -> str:
    """Roll the model back and return what to tell: who answers, how long it took, what is owed.

    :param reason: why, for the journal.
    """
    from shamal.providers.triton import traffic
    from shamal.providers.triton.releases import Releases

    began = time.monotonic()
    state = traffic.rollback(triton, model, by=getpass.getuser(), reason=reason)
    left = state["rolled_back"]
    lines = [
        f"{model}: version {state['champion']} answers{f', version {left} does not any more' if left else ''} "
        f"({time.monotonic() - began:.1f} s).",
        f"Written down in {Releases(triton.repository, model).path}.",
    ]
    if not triton.server_live():
        lines.append("Owed: Triton does not run; it starts with this version (`make up`).")
    lines.append(
        "Owed: the registry's alias `champion`; the DAG `reconcile` moves it within a minute, or when it runs."
    )
    return "\n".join(lines)


def hook(settings: Settings) -> TritonHook:
    """Return the hook of the stack's Triton, from the declared connection: it holds no secret."""
    from airflow.sdk import Connection

    from shamal.providers.triton.hooks.triton import TritonHook

    (entry,) = (entry for entry in declared(settings)["connections"] if entry["conn_id"] == CONNECTION)
    values = connection(entry)
    triton = TritonHook(CONNECTION)
    triton.connection = Connection(
        conn_id=CONNECTION,
        conn_type=values["conn_type"],
        host=values["host"],
        port=values["port"],
        extra=json.dumps(values["extra"]),
    )
    return triton


def without_airflow(settings: Settings) -> None:
    """Let Airflow's libraries be imported with its secrets backend and its database away."""
    state = Path(settings["SHAMAL_STATE"]) / "tmp"
    for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
        del os.environ[name]
    os.environ |= {"AIRFLOW_HOME": str(state), "AIRFLOW_CONFIG": str(state / "airflow.cfg")}


if __name__ == "__main__":
    sys.exit(main())
