"""Measures latency and throughput of a deployed model."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from airflow.sdk import BaseOperator, Context

from shamal.providers.triton import benchmark
from shamal.providers.triton.hooks.triton import TritonHook


class BenchmarkModelOperator(BaseOperator):
    """Measure the router and its champion called directly, in turns; the requests stay out of the prediction log.

    Returns `{"model", "version", "measurements": [{"batch_size", "concurrency", "direct": {"p50_ms", "p99_ms",
    "requests_per_second"}, "router": {...}, "added_p50_ms", "throughput_ratio"}, ...]}`.

    :param model: registered name of a model that has traffic (templated).
    :param batch_sizes: rows per request; the rows are the version's golden requests, repeated.
    :param concurrency: clients, each waiting for its answer before the next request.
    :param seconds: per batch size, for the router and for the version each.
    :param triton_conn_id: the server.
    :raises VersionNotDeployed: nothing is routed yet.
    """

    template_fields: Sequence[str] = ("model",)

    def __init__(
        self,
        *,
        model: str,
        batch_sizes: Sequence[int] = (1, 32),
        concurrency: int = 1,
        seconds: float = 5.0,
        triton_conn_id: str = TritonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.batch_sizes = batch_sizes
        self.concurrency = concurrency
        self.seconds = seconds
        self.triton_conn_id = triton_conn_id

    @cached_property
    def hook(self) -> TritonHook:
        """The server."""
        return TritonHook(self.triton_conn_id)

    def execute(self, context: Context) -> dict[str, Any]:
        """Measure each batch size."""
        return benchmark.measure(self.hook, self.model, list(self.batch_sizes), self.concurrency, self.seconds)
