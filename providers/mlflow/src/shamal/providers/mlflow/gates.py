"""Compares what was measured with the limits that a model must keep."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shamal.providers.mlflow.errors import InvalidGates
from shamal.providers.mlflow.metrics import METRICS

# Gates of every task: the measured value that each one limits.
COMMON = {
    "min_margin_over_baseline": "margin_over_baseline",
    "max_latency_p50_ms": "latency_p50_ms",
    "max_latency_p99_ms": "latency_p99_ms",
    "max_onnx_difference": "onnx_difference",
}


@dataclass(frozen=True)
class Verdict:
    """What one gate says.

    :param value: measured value; None when it is missing.
    :param passed: whether the value keeps the limit; a missing or undefined value never does.
    :param reason: one sentence for people.
    """

    gate: str
    value: float | bool | None
    limit: float | bool
    passed: bool
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict for JSON; an undefined value is None."""
        undefined = isinstance(self.value, float) and not math.isfinite(self.value)
        return asdict(self) | ({"value": None} if undefined else {})


def allowed(task: str) -> dict[str, str]:
    """Return every gate of a task and the measured value that it limits."""
    own = {f"{'min' if more else 'max'}_{metric}": metric for metric, more in METRICS[task].items()}
    return own | COMMON | {"robust": "robust"}


def check(task: str, gates: Mapping[str, Any]) -> None:
    """Refuse gates that nothing measures and limits that are no numbers.

    :raises InvalidGates: the task or a gate is unknown, a limit has the wrong type, or there is no gate.
    """
    if task not in METRICS:
        raise InvalidGates(f"task {task!r} is unknown; allowed: {', '.join(METRICS)}")
    known = allowed(task)
    if not gates:
        raise InvalidGates(f"no gates given, so nothing could deny a bad model; allowed: {', '.join(known)}")
    for gate, limit in gates.items():
        if gate not in known:
            near = difflib.get_close_matches(gate, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise InvalidGates(f"gate {gate!r} is unknown for {task}.{hint} Allowed: {', '.join(known)}")
        number = isinstance(limit, int | float) and not isinstance(limit, bool) and math.isfinite(limit)
        if gate == "robust" and limit is not True:
            raise InvalidGates(f"gate 'robust' has the limit {limit!r}; give true, or leave the gate out")
        if gate != "robust" and not number:
            raise InvalidGates(f"gate {gate!r} has the limit {limit!r}; give a finite number")


def judge(
    task: str,
    gates: Mapping[str, Any],
    measured: Mapping[str, float | None],
    *,
    robustness_failure: str | None,
    stale: Mapping[str, str],
) -> list[Verdict]:
    """Return one verdict per gate; what is missing, undefined or stale denies.

    :param measured: value per name of `allowed`.
    :param robustness_failure: how the model fails on odd rows, or None.
    :param stale: measured name to why its value does not belong to this model.
    """
    known = allowed(task)
    verdicts = []
    for gate, limit in gates.items():
        if gate == "robust":
            robust = robustness_failure is None
            verdicts.append(Verdict(gate, robust, True, robust, robustness_failure or "finite scores in range"))
            continue
        name = known[gate]
        value = measured.get(name)
        if name in stale:
            verdicts.append(Verdict(gate, value, limit, False, stale[name]))
        elif value is None:
            verdicts.append(Verdict(gate, None, limit, False, f"{name} is missing"))
        elif not math.isfinite(value):
            verdicts.append(Verdict(gate, value, limit, False, f"{name} is undefined ({value})"))
        else:
            passed = value >= limit if gate.startswith("min_") else value <= limit
            relation = "at least" if gate.startswith("min_") else "at most"
            verdicts.append(Verdict(gate, value, limit, passed, f"must be {relation} {limit:g}"))
    return verdicts


def table(verdicts: list[Verdict]) -> str:
    """Return the verdicts as a text table for the task's log."""
    head = ("gate", "value", "limit", "passed", "reason")
    rows = [
        (each.gate, _shown(each.value), _shown(each.limit), "yes" if each.passed else "NO", each.reason)
        for each in verdicts
    ]
    return columns([head, *rows])


def columns(rows: list[tuple[str, ...]]) -> str:
    """Return rows of text, aligned."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _shown(value: float | bool | None) -> str:
    if value is None or isinstance(value, bool):
        return {None: "-", True: "yes", False: "no"}[value]
    return f"{value:.6g}"
