import pytest

from shamal.providers.triton.load import closed_loop, summary


def test_summary_has_percentiles_and_throughput():
    assert summary([1.0, 2.0, 3.0], seconds=1.5) == {
        "p50_ms": 2.0,
        "p95_ms": pytest.approx(2.9),
        "p99_ms": 2.98,
        "requests_per_second": 2.0,
    }


def test_every_client_calls_until_the_time_is_over_and_once_before_it():
    calls = {"a": 0, "b": 0}

    def caller(name):
        def call():
            calls[name] += 1

        return call

    measured = closed_loop([caller("a"), caller("b")], 0.02)
    assert len(measured) == sum(calls.values()) - 2
    assert min(calls.values()) > 1


def test_an_error_of_a_client_is_the_callers():
    answers = iter([None])

    def call():
        next(answers)

    with pytest.raises(StopIteration):
        closed_loop([call], 5)
