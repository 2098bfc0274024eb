"""The gates that a model declares, checked: the same definition for the operator, a command line and CI."""

import difflib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from shamal.providers.mlflow.errors import InvalidGates
from shamal.providers.mlflow.gates.fairness import Fairness
from shamal.providers.mlflow.gates.skew import Skew
from shamal.providers.mlflow.gates.verdicts import Measured, Verdict, judge
from shamal.providers.mlflow.gates.waivers import Waiver
from shamal.providers.mlflow.gates.waivers import parse as parse_waivers
from shamal.providers.mlflow.metrics import METRICS

# Gates of every task: the measured value that each one limits.
COMMON = {
    "min_margin_over_baseline": "margin_over_baseline",
    "max_loss_against_champion": "loss_against_champion",
    "max_latency_p50_ms": "latency_p50_ms",
    "max_latency_p99_ms": "latency_p99_ms",
    "max_onnx_difference": "onnx_difference",
    "max_model_mb": "model_mb",
    "robust": "robust",
}
TRUST = {
    "binary_classification": {"max_calibration_error": "calibration_error"},
    "regression": {"max_bias": "bias"},
}
# Gates that the worse end of the interval must keep: "not shown to be worse" is not enough to release a model.
# Non-inferiority: Piaggio et al., CONSORT statement for non-inferiority trials, JAMA 308 (2012).
BY_INTERVAL = {"max_loss_against_champion", "max_calibration_error", "max_bias"}
SECTIONS = ("fairness", "skew", "waivers")


@dataclass(frozen=True)
class Suite:
    """The gates of one model.

    :param limits: gate to limit.
    :param fairness: what is asked of slices, or None.
    :param skew: what is asked of columns, or None.
    :param waivers: gates whose "no" a person answers for.
    """

    task: str
    limits: Mapping[str, float | bool]
    fairness: Fairness | None
    skew: Skew | None
    waivers: tuple[Waiver, ...]

    def judge(self, measured: Mapping[str, Measured]) -> list[Verdict]:
        """Return one verdict per gate, before waivers.

        :param measured: by the names of `allowed`, by `fairness.<column>` and `skew`.
        """
        known = allowed(self.task)
        found = [
            judge(gate, limit, measured.get(known[gate]), by_interval=gate in BY_INTERVAL)
            for gate, limit in self.limits.items()
        ]
        if self.fairness:
            found += [
                judge(gate, self.fairness.max_gap, measured.get(gate), by_interval=True)
                for gate in fairness_gates(self.fairness.columns)
            ]
        if self.skew:
            found.append(judge("skew", self.skew.max_psi, measured.get("skew"), by_interval=False))
        return found


def allowed(task: str) -> dict[str, str]:
    """Return every gate of a task and the measured value that it limits."""
    own = {f"{'min' if more else 'max'}_{metric}": metric for metric, more in METRICS[task].items()}
    return own | TRUST[task] | COMMON


def fairness_gates(columns: Collection[str]) -> list[str]:
    """Return the names of the gates that the section `fairness` stands for."""
    return [f"fairness.{column}" for column in columns]


def parse(task: str, gates: Mapping[str, Any], *, approvers: Collection[str] = (), owner: str = "") -> Suite:
    """Return the suite that a model declares; refuse gates that nothing measures and limits that are no numbers.

    :param gates: gate to limit, and the sections `fairness`, `skew` and `waivers`.
    :param approvers: who may waive a gate.
    :param owner: who made the model and may not.
    :raises InvalidGates: the task, a gate, a limit or a section is wrong, or there is no gate.
    """
    if task not in METRICS:
        raise InvalidGates(f"task {task!r} is unknown; allowed: {', '.join(METRICS)}")
    limits = {gate: limit for gate, limit in gates.items() if gate not in SECTIONS}
    known = allowed(task)
    if not limits:
        raise InvalidGates(f"no gates given, so nothing could deny a bad model; allowed: {', '.join(known)}")
    for gate, limit in limits.items():
        _check(task, gate, limit, known)
    asked = Fairness.parse(task, gates["fairness"]) if "fairness" in gates else None
    stable = Skew.parse(gates["skew"]) if "skew" in gates else None
    names = [*limits, *fairness_gates(asked.columns if asked else ()), *(["skew"] if stable else [])]
    return Suite(task, limits, asked, stable, parse_waivers(gates.get("waivers", ()), names, approvers, owner))


def _check(task: str, gate: str, limit: Any, known: Collection[str]) -> None:
    if gate not in known:
        near = difflib.get_close_matches(gate, [*known, *SECTIONS], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InvalidGates(f"gate {gate!r} is unknown for {task}.{hint} Allowed: {', '.join([*known, *SECTIONS])}")
    number = isinstance(limit, int | float) and not isinstance(limit, bool) and math.isfinite(limit)
    if gate == "robust" and limit is not True:
        raise InvalidGates(f"gate 'robust' has the limit {limit!r}; give true, or leave the gate out")
    if gate != "robust" and not number:
        raise InvalidGates(f"gate {gate!r} has the limit {limit!r}; give a finite number")
