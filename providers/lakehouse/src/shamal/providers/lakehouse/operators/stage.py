"""Runs a model's Spark job and stages its rows on a branch of an Iceberg table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from shamal.providers.lakehouse import spark
from shamal.providers.lakehouse.errors import JobMissing, NoData
from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook
from shamal.providers.lakehouse.interval import Interval
from shamal.providers.lakehouse.lineage import stage_lineage
from shamal.providers.lakehouse.source import check_digests, resolve_source

if TYPE_CHECKING:
    from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context


class SparkStageOperator(BaseOperator):
    """Replaces one interval of a table's branch by the rows of a Spark job; what readers see does not change.

    The source is checked before anything else. Killed at any point, the task leaves main as it was and can run
    again; the same interval run three times holds the same rows.

    :param application: Python file with `build(spark, source, start, end)`, which returns the DataFrame of all
        rows in [start, end) and works for any range. (templated)
    :param source: folder of the source files, or `package:<name>` for an installed package's folder. (templated)
    :param source_sha256: SHA-256 by file path relative to the source.
    :param start: first day of the interval, YYYY-MM-DD. (templated)
    :param end: day after the last day of the interval. (templated)
    :param table: `<model>.<table>`; created from the job's schema when it does not exist. (templated)
    :param time_column: timestamp column that places a row in the interval.
    :param branch: Iceberg branch to stage on; it starts again at main's head.
    :param spark_conn_id: Spark connection; a master `local[…]` runs inside this worker.
    :param lakehouse_conn_id: connection of type `shamal_lakehouse`.
    """

    template_fields: Sequence[str] = ("application", "source", "start", "end", "table")

    def __init__(
        self,
        *,
        application: str,
        source: str,
        source_sha256: Mapping[str, str],
        start: str,
        end: str,
        table: str,
        time_column: str = "event_timestamp",
        branch: str = "staged",
        spark_conn_id: str = "spark_default",
        lakehouse_conn_id: str = "lakehouse_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.application = application
        self.source = source
        self.source_sha256 = source_sha256
        self.start = start
        self.end = end
        self.table = table
        self.time_column = time_column
        self.branch = branch
        self.spark_conn_id = spark_conn_id
        self.lakehouse_conn_id = lakehouse_conn_id
        self._submit: SparkSubmitHook | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Return the staged snapshot: table, branch, snapshot_id, rows, start, end."""
        source = resolve_source(self.source)
        check_digests(source, self.source_sha256)
        interval = Interval.parse(self.start, self.end)
        if not Path(self.application).is_file():
            raise JobMissing(f"application {self.application!r} is no file on this worker; correct the model's spec.")
        hook = LakehouseHook(self.lakehouse_conn_id)
        with hook.attempt(self.table, interval) as folder:
            summary = self._run_job(source, interval, folder)
            # Again, because the files may have been replaced while Spark read them.
            check_digests(source, self.source_sha256)
            if not summary["rows"]:
                raise NoData(
                    f"{self.application} found no row for table {self.table} in [{interval.start}, {interval.end}) of "
                    f"source {self.source}, which holds {' to '.join(summary['available']) or 'no row at all'}. "
                    f"Choose start and end inside that range. Nothing was staged."
                )
            files = sorted((folder / spark.ROWS).glob("*.parquet"))
            return hook.stage(self.table, files, interval, self.time_column, self.branch)

    def _run_job(self, source: Path, interval: Interval, folder: Path) -> dict[str, Any]:
        self._submit = spark.submit_hook(
            spark_conn_id=self.spark_conn_id,
            application=self.application,
            source=source,
            interval=interval,
            time_column=self.time_column,
            folder=folder,
        )
        self._submit.submit(str(spark.RUNNER))
        return spark.read_summary(folder)

    def on_kill(self) -> None:
        """Stop the Spark job with the task."""
        if self._submit is not None:
            self._submit.on_kill()

    def get_openlineage_facets_on_complete(self, _: Any) -> OperatorLineage[Any, Any]:
        """Return the lineage event's datasets: source files in, table out."""
        return stage_lineage(self.lakehouse_conn_id, self.source, self.source_sha256, self.table)
