from datetime import date
from typing import Any

import pytest

from shamal.providers.mlflow.errors import InvalidGates
from shamal.providers.mlflow.gates.verdicts import Measured, judge
from shamal.providers.mlflow.gates.waivers import apply, lapsed, parse

GOOD = {"gate": "max_mae", "approver": "risk", "reason": "Storm in May.", "expires": "2026-12-31"}
GATES = ("max_mae", "robust", "skew")
DENIED = judge("max_mae", 1.0, Measured(1.5), by_interval=False)
(WAIVER,) = parse([GOOD], GATES, ["risk"], "weather")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gate": "robust"}, "'robust' cannot be waived"),
        ({"gate": "max_rmse"}, "no such gate; allowed: max_mae, robust, skew"),
        ({"approver": "somebody"}, "'somebody' may not waive; allowed: risk"),
        ({"approver": "weather"}, "'weather' may not waive; allowed: risk"),
        ({"reason": "  "}, "no reason"),
        ({"expires": "soon"}, "expires 'soon'; give a day"),
        ({"until": "x"}, "needs exactly gate, approver, reason, expires"),
    ],
)
def test_a_waiver_that_nobody_may_give_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidGates, match=words):
        parse([GOOD | change], GATES, ["risk", "weather"], "weather")


def test_without_approvers_nobody_waives_and_no_gate_is_waived_twice() -> None:
    with pytest.raises(InvalidGates, match="nobody, because"):
        parse([GOOD], GATES, [], "weather")
    with pytest.raises(InvalidGates, match="more than once: max_mae"):
        parse([GOOD, GOOD], GATES, ["risk"], "weather")


def test_until_its_last_day_a_waiver_lets_a_denied_gate_pass_and_says_who() -> None:
    (found,) = apply([DENIED], [WAIVER], today=date(2026, 12, 31), started_by="engineer")
    assert (found.passed, found.waived_by, found.waived_until) == (True, "risk", "2026-12-31")
    assert found.reason == "must be at most 1; waived until 2026-12-31 by risk: Storm in May."


@pytest.mark.parametrize(
    ("verdict", "today", "started_by", "words"),
    [
        (DENIED, date(2027, 1, 1), None, "the waiver of risk expired on 2026-12-31"),
        (DENIED, date(2026, 12, 1), "risk", "risk started this run"),
        (judge("max_mae", 1.0, Measured(None), by_interval=False), date(2026, 12, 1), None, "cannot stand in"),
        (judge("max_mae", 1.0, Measured(float("nan")), by_interval=False), date(2026, 12, 1), None, "cannot stand in"),
        (
            judge("max_mae", 1.0, Measured(2, stale="stale"), by_interval=False),
            date(2026, 12, 1),
            None,
            "cannot stand in",
        ),
    ],
    ids=["expired", "own run", "missing", "undefined", "stale"],
)
def test_a_void_waiver_denies_and_says_why(verdict: Any, today: date, started_by: str | None, words: str) -> None:
    (found,) = apply([verdict], [WAIVER], today=today, started_by=started_by)
    assert (found.passed, found.waived_by) == (False, None)
    assert words in found.reason


def test_a_gate_that_passes_needs_no_waiver() -> None:
    kept = judge("max_mae", 1.0, Measured(0.5), by_interval=False)
    assert apply([kept], [WAIVER], today=date(2026, 12, 1), started_by=None) == [kept]


def test_a_waiver_that_ran_out_between_evaluation_and_release_is_found() -> None:
    verdicts = [each.as_dict() for each in apply([DENIED], [WAIVER], today=date(2026, 12, 1), started_by=None)]
    assert lapsed(verdicts, date(2026, 12, 31)) == []
    assert lapsed(verdicts, date(2027, 1, 1)) == ["max_mae"]
