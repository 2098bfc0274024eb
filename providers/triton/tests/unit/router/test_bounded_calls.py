import threading
import time

import pytest

from shamal.providers.triton.router.bounded_calls import BoundedCalls


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def calls(warnings):
    calls = BoundedCalls("test", threads=2, waiting=1, warn=warnings.append)
    yield calls
    calls.close()


def wait_until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_work_is_reported_once_when_it_ends(calls):
    done, finished = [], []
    for number in range(3):
        assert calls.submit(lambda number=number: done.append(number), finished.append, limit=5)
    wait_until(lambda: len(finished) == 3)
    assert sorted(done) == [0, 1, 2]
    assert all(seconds < 1 for seconds in finished)


def test_work_that_hangs_is_reported_at_its_limit_and_never_again(calls):
    hang, finished = threading.Event(), []
    start = time.monotonic()
    assert calls.submit(hang.wait, finished.append, limit=0.2)
    wait_until(lambda: finished)
    assert 0.2 <= time.monotonic() - start < 2
    hang.set()
    time.sleep(0.1)
    assert len(finished) == 1


def test_more_work_than_there_is_room_for_is_refused_at_once_and_room_comes_back(calls):
    hang = threading.Event()
    assert [calls.submit(hang.wait, lambda _: None, limit=30) for _ in range(4)] == [True, True, True, False]
    hang.set()
    finished = []
    wait_until(lambda: calls.submit(lambda: None, finished.append, limit=5))
    wait_until(lambda: finished)


def test_a_report_that_fails_is_told_and_ends_no_thread(calls, warnings):
    def fail(_):
        raise RuntimeError("the client has gone")

    for _ in range(3):
        wait_until(lambda: calls.submit(lambda: None, fail, limit=5))
    wait_until(lambda: len(warnings) == 3)
    assert "the client has gone" in warnings[0]
    finished = []
    wait_until(lambda: calls.submit(lambda: None, finished.append, limit=5))
    wait_until(lambda: finished)
