import time

from shamal.providers.triton.router.warm_up import WINDOW, p99_when_warm


def test_a_model_whose_first_runs_are_slow_is_asked_until_a_window_keeps_the_limit():
    asked = []

    def ask(number):
        asked.append(number)
        time.sleep(0.02 if number < 3 else 0)

    assert p99_when_warm(ask, limit_ms=10) < 10
    assert asked == list(range(2 * WINDOW))


def test_a_model_that_stays_slow_is_asked_a_bounded_number_of_times():
    asked = []
    assert p99_when_warm(lambda number: (asked.append(number), time.sleep(0.001)), limit_ms=0.01, windows=2) > 1
    assert len(asked) == 2 * WINDOW


def test_a_model_that_is_very_slow_is_given_up_after_its_time():
    asked = []
    assert p99_when_warm(lambda number: (asked.append(number), time.sleep(0.1)), limit_ms=1, seconds=0.05) >= 100
    assert asked == [0]
