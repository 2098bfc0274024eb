"""Submits the stage job through Airflow's own SparkSubmitHook."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from shamal.providers.lakehouse.interval import Interval

if TYPE_CHECKING:
    from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook

RUNNER = Path(__file__).parent / "jobs" / "stage.py"
ROWS, SUMMARY, SCRATCH = "rows", "_summary.json", "scratch"


def submit_hook(
    *, spark_conn_id: str, application: str, source: Path, interval: Interval, time_column: str, folder: Path
) -> SparkSubmitHook:
    """Return the hook whose `submit(str(RUNNER))` writes the rows and the summary into the folder."""
    from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook

    # SparkSubmitHook would take a connection that does not exist for a YARN cluster.
    local = (BaseHook.get_connection(spark_conn_id).host or "").startswith("local")
    arguments = {
        "--application": str(Path(application).resolve()),
        "--source": str(source),
        "--start": interval.start.isoformat(),
        "--end": interval.end.isoformat(),
        "--time-column": time_column,
        "--output": str(folder / ROWS),
        "--summary": str(folder / SUMMARY),
    }
    return SparkSubmitHook(
        conn_id=spark_conn_id,
        name=f"stage {Path(application).parent.name} {interval}",
        conf=_conf() | (_local_conf(folder / SCRATCH) if local else {}),
        env_vars=_local_environment(folder / SCRATCH) if local else None,
        application_args=[word for pair in arguments.items() for word in pair],
    )


def read_summary(folder: Path) -> dict[str, Any]:
    """Return what the job wrote about its rows."""
    summary: dict[str, Any] = json.loads((folder / SUMMARY).read_text())
    return summary


def _conf() -> dict[str, str]:
    return {
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # pyiceberg refuses INT96
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
    }


def _local_conf(scratch: Path) -> dict[str, str]:
    scratch.mkdir()
    return {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": f'-Djava.io.tmpdir="{scratch}" -XX:-UsePerfData',
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.sql.shuffle.partitions": "4",  # the default of 200 costs seconds on one machine
    }


def _local_environment(scratch: Path) -> dict[str, str]:
    # A task may run without its environment's bin folder on PATH; spark-submit lies there and starts `python3`.
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TMPDIR": str(scratch),
    }
