"""Asks router and champion in turns: `python -m local.bench.router_overhead <repository> <host:port> <model>`."""

import json
import sys
from pathlib import Path
from typing import Any

from shamal.providers.triton import golden
from shamal.providers.triton.benchmark import router_overhead
from shamal.providers.triton.repository import ModelRepository


def overhead(repository: ModelRepository, address: str, model: str) -> dict[str, dict[str, float]]:
    """Return `added_p50_ms` with one client and `throughput_ratio` with eight, each with and without prediction log.

    :param address: gRPC `host:port`.
    """
    route = repository.route(model)
    if route is None:
        sys.exit(f"the test stack serves no {model}; `python -m local.bench tax` releases one")
    folder = repository.version_folder(model, route.champion)
    row = golden.read(folder / "golden.json").features[:1]
    result = {}
    for name, log in (("logged", True), ("not logged", False)):
        one, eight = (_turns(address, model, route.champion, row, clients, log=log) for clients in (1, 8))
        result[name] = {"added_p50_ms": one["added_p50_ms"], "throughput_ratio": eight["throughput_ratio"]}
    return result


def _turns(address: str, model: str, version: int, row: Any, clients: int, *, log: bool) -> dict[str, Any]:
    return router_overhead(address, model, version, row, concurrency=clients, log=log)


if __name__ == "__main__":
    print(json.dumps(overhead(ModelRepository(Path(sys.argv[1])), sys.argv[2], sys.argv[3])))
