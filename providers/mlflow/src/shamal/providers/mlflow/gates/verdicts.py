"""What was measured, and what a gate says about it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

Interval = tuple[float, float]


@dataclass(frozen=True)
class Measured:
    """One measured value.

    :param value: None when it is missing, NaN when it is undefined.
    :param interval: 95 % interval of the value, or None where it has none.
    :param note: what people need to know beside the number, such as the worst slice.
    :param stale: why the value does not belong to this model, or None.
    :param said: (passed, reason) where no number can answer, such as for the first version; overrules the limit.
    """

    value: float | bool | None
    interval: Interval | None = None
    note: str = ""
    stale: str | None = None
    said: tuple[bool, str] | None = None


@dataclass(frozen=True)
class Verdict:
    """What one gate says.

    :param value: measured value; None when it is missing.
    :param passed: whether the limit is kept or the gate is waived; a missing or undefined value never passes.
    :param reason: one sentence for people.
    :param interval: 95 % interval of the value.
    :param waived_by: who answers for a limit that was not kept, until the day `waived_until`.
    :param sound: whether the value exists and is this model's; only then a "no" can be waived.
    """

    gate: str
    value: float | bool | None
    limit: float | bool
    passed: bool
    reason: str
    interval: Interval | None = None
    waived_by: str | None = None
    waived_until: str | None = None
    sound: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict for JSON; an undefined value is None."""
        found = asdict(self) | {"value": plain(self.value), "interval": self.interval and list(self.interval)}
        del found["sound"]
        return found


def judge(gate: str, limit: float | bool, found: Measured | None, *, by_interval: bool) -> Verdict:
    """Return what the gate says; what is missing, undefined or stale denies.

    :param gate: one that starts with `min_` is a lower limit, any other an upper one.
    :param by_interval: compare the worse end of the interval with the limit instead of the value.
    """
    if found is None:
        return Verdict(gate, None, limit, False, "nothing was measured", sound=False)
    if found.said and not found.stale:
        passed, reason = found.said
        return Verdict(gate, found.value, limit, passed, reason, found.interval)
    note = f"; {found.note}" if found.note else ""
    unsound = found.stale or _unsound(found, by_interval)
    if unsound or found.value is None:
        return Verdict(gate, found.value, limit, False, f"{unsound}{note}", found.interval, sound=False)
    lower = gate.startswith("min_")
    tested = found.interval[0 if lower else 1] if by_interval and found.interval else found.value
    what = f"the {'lower' if lower else 'upper'} end of the interval " if by_interval else ""
    reason = f"{what}must be {'at least' if lower else 'at most'} {limit:g}{note}"
    passed = tested >= limit if lower else tested <= limit
    return Verdict(gate, found.value, limit, passed, reason, found.interval)


def _unsound(found: Measured, by_interval: bool) -> str | None:
    """Return why the value cannot be compared with a limit, or None."""
    if found.value is None:
        return "missing"
    if not math.isfinite(found.value):
        return f"undefined ({found.value})"
    return "its interval is undefined" if by_interval and found.interval is None else None


def table(verdicts: list[Verdict]) -> str:
    """Return the verdicts as a text table for the task's log."""
    rows = [("gate", "value", "95 % interval", "limit", "passed", "reason")]
    for each in verdicts:
        answer = "WAIVED" if each.waived_by else "yes" if each.passed else "NO"
        interval = f"{each.interval[0]:.4g} to {each.interval[1]:.4g}" if each.interval else "-"
        rows.append((each.gate, _shown(each.value), interval, _shown(each.limit), answer, each.reason))
    return columns(rows)


def columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows of text, aligned."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def plain(value: float | bool | None) -> float | bool | None:
    """Return the value for JSON: None where it is NaN or infinite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shown(value: float | bool | None) -> str:
    if value is None or isinstance(value, bool):
        return {None: "-", True: "yes", False: "no"}[value]
    return f"{value:.6g}"
