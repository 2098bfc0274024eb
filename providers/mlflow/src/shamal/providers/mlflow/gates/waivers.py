"""Waivers: a named person answers for a limit that was not kept, until a day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from shamal.providers.mlflow.errors import InvalidGates
from shamal.providers.mlflow.gates.verdicts import Verdict

# What nobody can answer for: a model that answers nonsense when a value is missing.
UNWAIVABLE = {"robust"}
KEYS = ("gate", "approver", "reason", "expires")


@dataclass(frozen=True)
class Waiver:
    """One waiver.

    :param gate: gate whose "no" does not count.
    :param approver: user id of the person who answers for it.
    :param reason: why, for the auditor.
    :param expires: last day (UTC) on which it counts.
    """

    gate: str
    approver: str
    reason: str
    expires: date


def parse(
    given: Sequence[Mapping[str, Any]], gates: Collection[str], approvers: Collection[str], owner: str
) -> tuple[Waiver, ...]:
    """Return the section `waivers`.

    :param gates: gates that this model has.
    :param approvers: who may waive.
    :param owner: who made the model; never one of them.
    :raises InvalidGates: a key, gate, approver or day is wrong, or a gate is waived twice.
    """
    found = [_parse(each, gates, set(approvers) - {owner}) for each in given]
    named = [each.gate for each in found]
    twice = sorted({gate for gate in named if named.count(gate) > 1})
    if twice:
        raise InvalidGates(f"waived more than once: {', '.join(twice)}; keep one waiver of each gate")
    return tuple(found)


def _parse(given: Mapping[str, Any], gates: Collection[str], approvers: Collection[str]) -> Waiver:
    if set(given) != set(KEYS):
        raise InvalidGates(f"a waiver has {', '.join(sorted(given))}; it needs exactly {', '.join(KEYS)}")
    gate, approver, reason = (str(given[key]) for key in ("gate", "approver", "reason"))
    if gate in UNWAIVABLE:
        raise InvalidGates(f"gate {gate!r} cannot be waived; remove the waiver and correct the model")
    if gate not in gates:
        raise InvalidGates(f"waiver of {gate!r}: this model has no such gate; allowed: {', '.join(sorted(gates))}")
    if approver not in approvers:
        allowed = ", ".join(sorted(approvers)) or "nobody, because the model names no approver besides its owner"
        raise InvalidGates(f"waiver of {gate!r}: {approver!r} may not waive; allowed: {allowed}")
    if not reason.strip():
        raise InvalidGates(f"waiver of {gate!r} has no reason; say why the model may be released all the same")
    try:
        return Waiver(gate, approver, reason, date.fromisoformat(str(given["expires"])))
    except ValueError as error:
        raise InvalidGates(f"waiver of {gate!r} expires {given['expires']!r}; give a day as 2027-01-31") from error


def apply(
    verdicts: Sequence[Verdict], waivers: Sequence[Waiver], *, today: date, started_by: str | None
) -> list[Verdict]:
    """Return the verdicts with waived ones passed; a waiver that does not count says why in the reason.

    :param started_by: user id of the person who started this run, who cannot waive for it; None for the schedule.
    """
    by_gate = {each.gate: each for each in waivers}
    found = []
    for verdict in verdicts:
        waiver = None if verdict.passed else by_gate.get(verdict.gate)
        found.append(_waived(verdict, waiver, today, started_by) if waiver else verdict)
    return found


def lapsed(verdicts: Sequence[Mapping[str, Any]], today: date) -> list[str]:
    """Return the gates that passed by a waiver which counts no longer: a release may come long after its evaluation.

    :param verdicts: `verdicts` of gates.json.
    """
    return [
        str(each["gate"])
        for each in verdicts
        if each["waived_until"] and today > date.fromisoformat(each["waived_until"])
    ]


def _waived(verdict: Verdict, waiver: Waiver, today: date, started_by: str | None) -> Verdict:
    if not verdict.sound:
        void = "a waiver cannot stand in for a value that is missing, undefined or stale"
    elif today > waiver.expires:
        void = f"the waiver of {waiver.approver} expired on {waiver.expires}"
    elif waiver.approver == started_by:
        void = f"the waiver does not count: {waiver.approver} started this run"
    else:
        until = waiver.expires.isoformat()
        reason = f"{verdict.reason}; waived until {until} by {waiver.approver}: {waiver.reason}"
        return replace(verdict, passed=True, waived_by=waiver.approver, waived_until=until, reason=reason)
    return replace(verdict, reason=f"{verdict.reason}; {void}")
