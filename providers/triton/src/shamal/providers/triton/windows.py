"""Measures in windows until the figures hold still, as NVIDIA's perf_analyzer does.

Its rule (docs/cli.md of github.com/triton-inference-server/perf_analyzer, `--stability-percentage`, `--max-trials`): in
the newest three windows the largest throughput is at most 10 % above the smallest, and so is the average latency; after
ten windows it gives up. The figures are those of these three windows together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shamal.providers.triton import load

NEWEST = 3
TOLERANCE = 0.1


@dataclass(frozen=True)
class Window:
    """The requests of one window.

    :param latencies: milliseconds, one per answered request.
    :param seconds: how long requests were sent.
    """

    latencies: list[float]
    seconds: float

    @property
    def throughput(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    @property
    def latency(self) -> float:
        """Average latency in milliseconds."""
        return sum(self.latencies) / len(self.latencies)


def in_turns(subjects: Mapping[str, Callable[[], Window]], most: int) -> dict[str, dict[str, Any]]:
    """Return per subject `{"requests_per_second", "p50_ms", "p95_ms", "p99_ms", "stable", "windows"}`.

    The subjects take turns, one window each, so that a drift of the machine meets all of them. It ends when all are
    stable, or after `most` windows each.

    :param subjects: name → measures one window.
    :param most: windows per subject.
    """
    windows: dict[str, list[Window]] = {name: [] for name in subjects}
    for _ in range(most):
        for name, measure in subjects.items():
            windows[name].append(measure())
        if all(stable(of_one) for of_one in windows.values()):
            break
    return {
        name: {**_merged(of_one[-NEWEST:]), "stable": stable(of_one), "windows": len(of_one)}
        for name, of_one in windows.items()
    }


def stable(windows: list[Window]) -> bool:
    """Return whether the newest three windows agree within 10 % in throughput and in average latency."""
    newest = windows[-NEWEST:]
    if len(newest) < NEWEST or not all(window.latencies for window in newest):
        return False
    return all(
        max(figures) <= (1 + TOLERANCE) * min(figures)
        for figures in ([window.throughput for window in newest], [window.latency for window in newest])
    )


def _merged(windows: list[Window]) -> dict[str, float]:
    latencies = [latency for window in windows for latency in window.latencies]
    return load.summary(latencies, sum(window.seconds for window in windows))
