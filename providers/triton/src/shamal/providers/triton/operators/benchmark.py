"""Measures latency and throughput of a deployed version against the champion."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from airflow.sdk import BaseOperator, Context

from shamal.providers.triton import benchmark
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.operators.deploy import version_number


class BenchmarkModelOperator(BaseOperator):
    """Measure a version and the champion in turns until the figures hold still, and keep the result with the version.

    Both are called directly, so nothing reaches the prediction log. The result is logged as a table, written to
    `<model repository>/<model>__v<n>.benchmark.json`, and returned: `{"model", "version", "champion", "client",
    "file", "measurements": [{"batch_size", "concurrency", "version", "champion", "ratio"}, ...]}`. `version` and
    `champion` are `{"requests_per_second", "rows_per_second", "p50_ms", "p95_ms", "p99_ms", "stable", "windows"}`,
    `ratio` is version ÷ champion; without another champion both of the last are None.

    :param model: registered name (templated).
    :param version: a deployed version (templated); None: the champion alone.
    :param batch_sizes: rows per request; the rows are the version's golden requests, repeated.
    :param concurrency: clients, each waiting for its answer before the next request.
    :param window_seconds: length of one window; the newest three must agree within 10 %.
    :param most_windows: windows after which the result says `"stable": false`.
    :param perf_analyzer: path of NVIDIA's perf_analyzer; None: the one on the PATH, and without one a client of ours
        with the same method.
    :param triton_conn_id: the server.
    :raises VersionNotDeployed: the version is not loaded, or none is given and nothing is routed yet.
    :raises BenchmarkFailed: perf_analyzer does not run.
    """

    template_fields: Sequence[str] = ("model", "version")

    def __init__(
        self,
        *,
        model: str,
        version: int | str | None = None,
        batch_sizes: Sequence[int] = (1, 32),
        concurrency: Sequence[int] = (1, 8),
        window_seconds: float = 1.0,
        most_windows: int = 10,
        perf_analyzer: str | None = None,
        triton_conn_id: str = TritonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.version = version
        self.batch_sizes = batch_sizes
        self.concurrency = concurrency
        self.window_seconds = window_seconds
        self.most_windows = most_windows
        self.perf_analyzer = perf_analyzer
        self.triton_conn_id = triton_conn_id

    @cached_property
    def hook(self) -> TritonHook:
        """The server."""
        return TritonHook(self.triton_conn_id)

    def execute(self, context: Context) -> dict[str, Any]:
        """Measure each batch size with each number of clients."""
        result = benchmark.measure(
            self.hook,
            self.model,
            None if self.version is None else version_number(self.version),
            batch_sizes=list(self.batch_sizes),
            concurrency=list(self.concurrency),
            window_seconds=self.window_seconds,
            most_windows=self.most_windows,
            client=self.perf_analyzer,
        )
        self.log.info("%s", benchmark.table(result))
        return result
