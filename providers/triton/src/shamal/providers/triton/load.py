"""A small closed-loop gRPC client: each of `concurrency` threads sends its next request when it has its answer."""

import threading
import time
from typing import Any

import numpy as np


def latencies(
    address: str, name: str, features: Any, *, concurrency: int = 1, seconds: float = 3.0, log: bool = False
) -> list[float]:
    """Return the latency in milliseconds of every request answered within `seconds`.

    :param address: gRPC `host:port`.
    :param name: Triton's model: a router or `<model>__v<n>`.
    :param features: float32 [N, F], the same for every request.
    :param log: whether the router writes the requests to the prediction log.
    """
    from tritonclient.grpc import InferenceServerClient, InferInput

    tensor = InferInput("features", list(features.shape), "FP32")
    tensor.set_data_from_numpy(np.ascontiguousarray(features, np.float32))
    parameters = None if log else {"log": False}
    measured: list[float] = []
    errors: list[Exception] = []

    def loop(client: Any) -> None:
        try:
            while (start := time.perf_counter()) < end and not errors:
                client.infer(name, [tensor], parameters=parameters)
                measured.append((time.perf_counter() - start) * 1000)
        except Exception as error:  # noqa: BLE001 - raised again below, in the caller's thread
            errors.append(error)

    clients = [InferenceServerClient(address) for _ in range(concurrency)]
    end = time.perf_counter() + seconds
    threads = [threading.Thread(target=loop, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    if errors:
        raise errors[0]
    return measured


def summary(measured: list[float], seconds: float) -> dict[str, float]:
    """Return p50 and p99 in milliseconds and requests per second."""
    p50, p99 = np.percentile(measured, [50, 99])
    return {"p50_ms": float(p50), "p99_ms": float(p99), "requests_per_second": len(measured) / seconds}
