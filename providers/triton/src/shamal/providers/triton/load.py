"""Closed-loop load: each client sends its next request when it has the answer to its last."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def closed_loop(calls: Sequence[Callable[[], object]], seconds: float) -> list[float]:
    """Return the latency in milliseconds of every call that began within `seconds`.

    :param calls: one per client; each is called again and again in a thread of its own, once before the clock starts.
    """
    measured: list[float] = []
    errors: list[Exception] = []

    def loop(call: Callable[[], object]) -> None:
        try:
            while (start := time.perf_counter()) < end and not errors:
                call()
                measured.append((time.perf_counter() - start) * 1000)
        except Exception as error:  # noqa: BLE001 - raised again below, in the caller's thread
            errors.append(error)

    for call in calls:
        call()
    end = time.perf_counter() + seconds
    threads = [threading.Thread(target=loop, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return measured


def latencies(
    address: str, name: str, features: Any, *, concurrency: int = 1, seconds: float = 3.0, log: bool = False
) -> list[float]:
    """Return the latency in milliseconds of every gRPC request sent within `seconds`.

    :param address: gRPC `host:port`.
    :param name: Triton's model: a router or `<model>__v<n>`.
    :param features: float32 [N, F], the same for every request.
    :param log: whether the router writes the requests to the prediction log.
    """
    from tritonclient.grpc import InferenceServerClient, InferInput

    tensor = InferInput("features", list(features.shape), "FP32")
    tensor.set_data_from_numpy(np.ascontiguousarray(features, np.float32))
    parameters = None if log else {"log": False}

    def asking(client: Any) -> Callable[[], object]:
        return lambda: client.infer(name, [tensor], parameters=parameters)

    clients = [InferenceServerClient(address) for _ in range(concurrency)]
    try:
        return closed_loop([asking(client) for client in clients], seconds)
    finally:
        for client in clients:
            client.close()


def summary(measured: list[float], seconds: float) -> dict[str, float]:
    """Return p50, p95 and p99 in milliseconds and requests per second."""
    p50, p95, p99 = (float(value) for value in np.percentile(measured, [50, 95, 99]))
    return {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "requests_per_second": len(measured) / seconds}
