import threading
import time

from local.traffic import Traffic


def test_requests_follow_the_timetable_and_each_number_is_sent_once() -> None:
    numbers = []
    with Traffic(lambda number: numbers.append(number) or 1, rate=200) as traffic:
        time.sleep(0.5)
    assert sorted(numbers) == list(range(len(numbers)))
    assert 60 <= traffic.sent <= 110
    assert traffic.by_version == {1: traffic.sent}


def test_what_is_raised_is_a_lost_request_and_the_next_one_goes_out() -> None:
    def ask(number: int) -> int:
        if number % 10 == 0:
            raise ConnectionError("server away")
        return 1 if number < 20 else 2

    with Traffic(ask, rate=400) as traffic:
        deadline = time.monotonic() + 5
        while traffic.sent < 40 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert traffic.lost >= 4
    assert traffic.lost + sum(traffic.by_version.values()) == traffic.sent
    assert traffic.errors[0] == "ConnectionError: server away"
    assert len(traffic.errors) == 3
    assert traffic.first_answer_of(2) > traffic.first_answer_of(1)
    assert traffic.last_answer_of(3) is None


def test_a_slow_answer_does_not_hold_back_the_other_clients() -> None:
    release = threading.Event()

    def ask(number: int) -> int:
        if number == 0:
            release.wait(5)
        return 1

    with Traffic(ask, rate=200, clients=2) as traffic:
        time.sleep(0.4)
        assert traffic.sent > 10
        release.set()
