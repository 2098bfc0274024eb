"""Measures a served model: the router, and its champion called directly."""

from typing import TYPE_CHECKING, Any

import numpy as np

from shamal.providers.triton import golden as goldens
from shamal.providers.triton import load
from shamal.providers.triton.errors import InvalidDeployment, VersionNotDeployed
from shamal.providers.triton.repository import version_model

if TYPE_CHECKING:
    from shamal.providers.triton.hooks.triton import TritonHook


def measure(hook: "TritonHook", model: str, batch_sizes: list[int], concurrency: int, seconds: float) -> dict[str, Any]:
    """Measure the router and its champion called directly; the requests stay out of the prediction log.

    :param batch_sizes: rows per request.
    :param concurrency: clients at once.
    :param seconds: per batch size, for each of the two.
    """
    version_model(model, 1)
    if any(size < 1 for size in batch_sizes) or not batch_sizes or concurrency < 1 or seconds <= 0:
        raise InvalidDeployment(
            f"benchmark of {model}: batch_sizes {batch_sizes}, concurrency {concurrency}, seconds {seconds}; "
            "all must be positive, with at least one batch size"
        )
    serving = hook.repository.route(model)
    if serving is None:
        raise VersionNotDeployed(f"{model} has no router in {hook.repository.root}; run RouteTrafficOperator first")
    rows = goldens.read(hook.repository.version_folder(model, serving.champion) / "golden.json").features
    measurements = [
        {
            "batch_size": size,
            "concurrency": concurrency,
            **hook.router_overhead(
                model, serving.champion, np.resize(rows, (size, rows.shape[1])), concurrency, seconds
            ),
        }
        for size in batch_sizes
    ]
    return {"model": model, "version": serving.champion, "measurements": measurements}


def router_overhead(
    address: str,
    model: str,
    version: int,
    features: Any,
    *,
    concurrency: int = 1,
    seconds: float = 10.0,
    rounds: int = 10,
    log: bool = True,
) -> dict[str, Any]:
    """Return what the router adds to its champion, measured in turns so that a drift of the machine cancels out.

    :param address: gRPC `host:port`.
    :param version: the champion.
    :param features: float32 [N, F], the same for every request.
    :param seconds: for each of the two, over all rounds.
    :param log: whether the requests are written to the prediction log, as real ones are.
    """
    direct: list[float] = []
    router: list[float] = []
    turn = seconds / rounds
    for name in (version_model(model, version), model):
        load.latencies(address, name, features, concurrency=concurrency, seconds=min(1.0, turn), log=log)
    for _ in range(rounds):
        direct += load.latencies(
            address, version_model(model, version), features, concurrency=concurrency, seconds=turn
        )
        router += load.latencies(address, model, features, concurrency=concurrency, seconds=turn, log=log)
    measured = {"direct": load.summary(direct, seconds), "router": load.summary(router, seconds)}
    return {
        **measured,
        "added_p50_ms": measured["router"]["p50_ms"] - measured["direct"]["p50_ms"],
        "throughput_ratio": measured["router"]["requests_per_second"] / measured["direct"]["requests_per_second"],
    }
