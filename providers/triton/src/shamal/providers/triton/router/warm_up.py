"""Asks until the answers are quick, so that no client pays for the first runs of a model."""

import math
import time
from collections.abc import Callable

WINDOW = 50


def p99_when_warm(ask: Callable[[int], object], limit_ms: float, *, windows: int = 20, seconds: float = 30.0) -> float:
    """Ask one by one and return the p99 (milliseconds) of the first window that keeps the limit, or else of the last.

    The caller compares what it gets with the limit.

    :param ask: called with 0, 1, 2, …
    :param windows: most windows, of 50 requests each.
    :param seconds: no further request is sent after this time.
    """
    end = time.monotonic() + seconds
    p99 = math.inf
    for number in range(windows):
        took: list[float] = []
        while len(took) < WINDOW and (time.monotonic() < end or not took):
            start = time.perf_counter()
            ask(number * WINDOW + len(took))
            took.append((time.perf_counter() - start) * 1000)
        p99 = sorted(took)[math.ceil(0.99 * len(took)) - 1]
        if p99 <= limit_ms or time.monotonic() >= end:
            break
    return p99
