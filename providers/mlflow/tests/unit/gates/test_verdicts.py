import math

import pytest

from shamal.providers.mlflow.gates.verdicts import Measured, judge, table


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (Measured(0.5), "at least 0.6"),
        (None, "nothing was measured"),
        (Measured(None, note="fewer than two slices"), "missing; fewer than two slices"),
        (Measured(math.nan), "undefined"),
        (Measured(math.inf), "undefined"),
        (Measured(0.9, stale="stale: other model"), "stale: other model"),
        (Measured(0.9, said=(True, "fine"), stale="stale: other model"), "stale: other model"),
    ],
)
def test_low_missing_undefined_and_stale_values_deny(found: Measured | None, reason: str) -> None:
    verdict = judge("min_roc_auc", 0.6, found, by_interval=False)
    assert not verdict.passed
    assert reason in verdict.reason
    assert verdict.as_dict()["value"] in (0.5, 0.9, None)
    assert verdict.sound == (found == Measured(0.5))


@pytest.mark.parametrize(
    ("gate", "limit", "passed"),
    [("max_x", 0.3, True), ("max_x", 0.29, False), ("min_x", 0.1, True), ("min_x", 0.11, False)],
)
def test_the_worse_end_of_the_interval_has_to_keep_the_limit(gate: str, limit: float, passed: bool) -> None:
    verdict = judge(gate, limit, Measured(0.2, (0.1, 0.3)), by_interval=True)
    assert verdict.passed is passed
    assert "end of the interval" in verdict.reason


def test_a_gate_by_interval_denies_without_one() -> None:
    verdict = judge("max_x", 9, Measured(0.2, None), by_interval=True)
    assert (verdict.passed, verdict.sound, verdict.reason) == (False, False, "its interval is undefined")


def test_where_no_number_can_answer_the_reason_does() -> None:
    verdict = judge("max_loss_against_champion", 0.01, Measured(None, said=(True, "no champion yet")), by_interval=True)
    assert (verdict.passed, verdict.value, verdict.reason) == (True, None, "no champion yet")


def test_the_table_shows_value_interval_limit_and_answer() -> None:
    kept = judge("max_rmse", 2.0, Measured(1.5, (1.25, 1.75)), by_interval=False)
    broken = judge("min_r2", 0.5, Measured(0.25), by_interval=False)
    lines = table([kept, broken]).splitlines()
    assert lines[1].split()[:6] == ["max_rmse", "1.5", "1.25", "to", "1.75", "2"]
    assert lines[2].split()[:5] == ["min_r2", "0.25", "-", "0.5", "NO"]
    assert kept.as_dict()["interval"] == [1.25, 1.75]
