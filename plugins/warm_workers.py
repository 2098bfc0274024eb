"""Imports what tasks import once, in the scheduler, before LocalExecutor forks its workers from it.

A task that imports Great Expectations, Feast, MLflow or Evidently pays 2 to 10 s each, every time; a forked one finds
them in memory that it shares with the scheduler. A fork keeps only the thread that forks, so nothing imported here may
start another one: libraries with threads of their own are imported, never used, and `onnxruntime`, which starts one at
import, is left out.
"""

import importlib
import importlib.util
import json
import logging
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

MODULES = (
    "airflow.sdk.execution_time.task_runner",
    "airflow.dag_processing.dagbag",
    "airflow.providers.cncf.kubernetes.operators.pod",
    "airflow.providers.standard.operators.hitl",
    "airflow.providers.standard.operators.python",
    "airflow.providers.openlineage.plugins.listener",
    "kubernetes.client",
    "hvac",
    "numpy",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pandas",
    "duckdb",
    "pyiceberg.catalog.sql",
    "pyiceberg.table",
    "sklearn.metrics",
    "great_expectations",
    "feast",
    "mlflow",
    "evidently.presets",
    "tritonclient.grpc",
    "tritonclient.http",
    "onnx",
)

log = logging.getLogger(__name__)


def preload() -> list[str]:
    """Import the modules of `MODULES` that are installed and return their names."""
    # It tells at INFO, some fifty times, which of its own methods it does not document.
    logging.getLogger("great_expectations._docs_decorators").setLevel(logging.WARNING)
    imported = []
    for name in MODULES:
        if importlib.util.find_spec(name.partition(".")[0]) is None:
            continue
        try:
            importlib.import_module(name)
        except ImportError as error:
            log.warning("Warm workers go without %s: %s", name, error)
        else:
            imported.append(name)
    return imported


def threads() -> list[str]:
    """Return the names of this process's threads, those of C libraries included."""
    return sorted(task.joinpath("comm").read_text().strip() for task in Path("/proc/self/task").iterdir())


class WarmWorkers:
    """Listener that preloads in the scheduler and nowhere else."""

    @hookimpl
    def on_starting(self, component: Any) -> None:
        """Preload, check that the process may still be forked, and say so in `warm_workers.json`.

        A task's own `sys.argv` still reads `airflow scheduler`, hence the test of the component's type.
        """
        if type(component).__name__ != "Job" or "scheduler" not in sys.argv:
            return
        if os.environ.get("SHAMAL_WARM_WORKERS", "true").lower() == "false":
            return
        before, started = threads(), time.monotonic()
        modules = preload()
        after = threads()
        write_marker(
            {
                "pid": os.getpid(),
                "seconds": round(time.monotonic() - started, 1),
                "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "modules": modules,
                "threads": len(after),
            }
        )
        if len(after) > len(before):
            start_again_cold(after)


def write_marker(facts: dict[str, Any]) -> None:
    """Replace `${SHAMAL_STATE}/airflow/warm_workers.json`, which readiness checks read; `rss` is in MiB."""
    if "SHAMAL_STATE" not in os.environ:
        return
    marker = Path(os.environ["SHAMAL_STATE"]) / "airflow" / "warm_workers.json"
    marker.parent.mkdir(parents=True, exist_ok=True)
    beside = marker.with_suffix(".new")
    beside.write_text(json.dumps(facts))
    beside.replace(marker)


def start_again_cold(running: list[str]) -> None:
    """Replace this process by a scheduler without preload: tasks forked beside a foreign thread can hang for ever."""
    log.error(
        "Preloading left %d threads (%s); a fork is safe beside one. The scheduler starts again without warm workers. "
        "Check OPENBLAS_NUM_THREADS=1 and JE_ARROW_MALLOC_CONF=background_thread:false, or take the library out of %s",
        len(running),
        ", ".join(running),
        __file__,
    )
    os.environ["SHAMAL_WARM_WORKERS"] = "false"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - itself, with its own arguments


class WarmWorkersPlugin(AirflowPlugin):
    """Registers the listener."""

    name = "warm_workers"
    listeners = [WarmWorkers()]  # noqa: RUF012 - what Airflow expects
