from dataclasses import replace

import pytest

from local.faults.outcome import Outcome

KEPT = Outcome("candidate answers NaN", "canary: errors", 4.0, 5.0, sent=500, lost=0, after_switch=3)


def test_a_fault_that_was_stopped_in_time_and_cost_nothing_keeps_every_promise() -> None:
    assert KEPT.broken_promises == []


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"restored": 30.1}, "restored after 30.1 s, promised are 30"),
        ({"after_switch": 4}, "4 answers after the switch, promised are 3"),
        ({"lost": 1}, "1 requests lost"),
        ({"sent": 0}, "no request was sent"),
        ({"stopped_by": None}, "nothing stopped it"),
    ],
)
def test_each_broken_promise_is_named(change: dict[str, float], broken: str) -> None:
    assert replace(KEPT, **change).broken_promises == [broken]


def test_a_server_that_is_away_may_lose_what_nobody_could_answer() -> None:
    assert replace(KEPT, lost=40, may_lose=True).broken_promises == []
