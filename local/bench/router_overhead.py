"""Asks router and champion in turns: `python -m local.bench.router_overhead` measures on the test stack's Triton."""

import json
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np

from local.bench import own_model
from shamal.providers.triton.benchmark import router_overhead
from shamal.providers.triton.hooks.triton import TritonHook

CANARY = 0.1
SECONDS = 4.0
# A share must be renewed within 30 s; both measurements below take two thirds of that.
EXPIRES_SECONDS = 29.0


def overhead(hook: TritonHook) -> dict[str, dict[str, float]]:
    """Return `added_p50_ms` with one client and `throughput_ratio` with eight.

    Three times: with the prediction log, without it, and with the log and a second version that gets 10 %.
    """
    with own_model.served(hook, versions=2) as model:
        result = {"logged": _measured(hook, model, log=True), "not logged": _measured(hook, model, log=False)}
        _start_canary(hook, model)
        result["10 % canary"] = _measured(hook, model, log=True)
        if not _candidate_answers(hook, model):
            sys.exit("the canary's share ran out before its measurement ended; lower SECONDS")
    return result


def _measured(hook: TritonHook, model: str, *, log: bool) -> dict[str, float]:
    one, eight = (_turns(hook, model, clients, log=log) for clients in (1, 8))
    return {"added_p50_ms": one["added_p50_ms"], "throughput_ratio": eight["throughput_ratio"]}


def _turns(hook: TritonHook, model: str, clients: int, *, log: bool) -> dict[str, Any]:
    row = own_model.rows()[:1]
    return router_overhead(hook.grpc_address, model, 1, row, concurrency=clients, seconds=SECONDS, log=log)


def _start_canary(hook: TritonHook, model: str) -> None:
    before = hook.repository.route(model)
    if before is None:
        sys.exit(f"{model} lost its route while it was measured")
    after = replace(before, weights={1: 1 - CANARY, 2: CANARY}, expires=time.time() + EXPIRES_SECONDS)
    hook.repository.write_route(model, before, after, hook.prediction_log, hook.prediction_log_seconds)
    deadline = time.monotonic() + 5
    while not _candidate_answers(hook, model):
        if time.monotonic() > deadline:
            sys.exit(f"the router of {model} gives version 2 no share; see Triton's log")


def _candidate_answers(hook: TritonHook, model: str) -> bool:
    """Return whether version 2 is among the answers to 100 requests: with a share of 10 % it misses once in 40,000."""
    answers = (hook.infer(model, np.zeros((1, own_model.COLUMNS)), log=False) for _ in range(100))
    return any(answer["model_version"][0] == 2 for answer in answers)


if __name__ == "__main__":
    print(json.dumps(overhead(TritonHook())))
