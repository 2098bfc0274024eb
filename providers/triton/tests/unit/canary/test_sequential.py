import math

import numpy as np
import pytest

from shamal.providers.triton.canary.sequential import Sum, log_evidence, lower, upper


def looks(rate, *, canaries, requests, every):
    """Return the counts at each look: [canaries, looks]."""
    random = np.random.default_rng(20260101)
    hits = random.random((canaries, requests)) < rate
    return np.cumsum(hits, axis=1)[:, every - 1 :: every], np.arange(every, requests + 1, every)


@pytest.mark.parametrize("limit", [0.01, 0.2])
def test_a_candidate_at_its_limit_is_stopped_no_more_often_than_promised(limit):
    alpha = 0.05
    counts, seen = looks(limit, canaries=2000, requests=3000, every=5)
    stopped = (log_evidence(counts, seen, limit) >= -math.log(alpha)).any(axis=1)
    assert stopped.mean() <= alpha


def test_a_rate_that_wanders_below_the_limit_is_no_false_alarm():
    limit, alpha = 0.05, 0.05
    by_hour = limit * (1 + np.sin(np.arange(3000) / 100)) / 2
    counts, seen = looks(by_hour, canaries=2000, requests=3000, every=5)
    assert (log_evidence(counts, seen, limit) >= -math.log(alpha)).any(axis=1).mean() <= alpha


@pytest.mark.parametrize(("rate", "within"), [(0.1, 250), (0.5, 30), (1.0, 5)])
def test_a_candidate_over_its_limit_is_found_soon(rate, within):
    counts, seen = looks(rate, canaries=500, requests=within, every=1)
    found = (log_evidence(counts, seen, 0.01) >= -math.log(0.001 / 6)).any(axis=1)
    assert found.mean() >= 0.99


def test_bounds_enclose_the_mean_and_turn_with_the_limit():
    values, alpha = Sum(400, 20.0), 0.001
    low, high = lower(values, alpha), upper(values, alpha)
    assert 0 < low < 0.05 < high < 1
    for bound in (low, high):
        total, p = (20, bound) if bound == low else (380, 1 - bound)
        assert log_evidence(total, 400, p) == pytest.approx(-math.log(alpha), abs=1e-3)


def test_bounds_are_exact_where_nothing_or_everything_happened():
    assert (lower(Sum(), 0.01), upper(Sum(), 0.01)) == (0.0, 1.0)
    assert lower(Sum(1000, 0.0), 0.01) == 0.0
    assert upper(Sum(1000, 1000.0), 0.01) == 1.0
    assert 0.005 < upper(Sum(1000, 0.0), 0.01) < 0.008


@pytest.mark.parametrize("total", [0, 1, 100, 5_000_000, 9_999_999, 10_000_000])
def test_ten_million_requests_are_no_numerical_trouble(total):
    values = Sum(10_000_000, float(total))
    low, high = lower(values, 1e-6), upper(values, 1e-6)
    assert 0 <= low <= values.mean <= high <= 1
    assert high - low < 0.003
