"""Parses the DAG files of the folder it runs in: `python -m local.bench.parse_files` prints CPU seconds per file."""

import json
import time
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag

import include.stages.ingest
import include.stages.monitor
import include.stages.release
import include.stages.train  # noqa: F401 - imported beforehand: measured is what comes after that


def cpu_seconds(files: list[Path]) -> list[float]:
    """Return the CPU seconds that each file takes in this process.

    :raises ValueError: a file does not yield its DAGs.
    """
    bag = DagBag(files[0].parent, safe_mode=False, collect_dags=False)
    seconds = []
    for file in files:
        began = time.process_time()
        dags = bag.process_file(str(file), safe_mode=False)  # type: ignore[no-untyped-call]
        seconds.append(time.process_time() - began)
        if not dags:
            raise ValueError(f"{file} has no DAG: {bag.import_errors.get(str(file))}")
    return seconds


if __name__ == "__main__":
    print(json.dumps(cpu_seconds(sorted(Path("dags").absolute().glob("*.py")))))
