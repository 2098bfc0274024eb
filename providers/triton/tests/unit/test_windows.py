from shamal.providers.triton.windows import Window, in_turns, stable


def window(requests, latency=1.0):
    return Window([latency] * requests, seconds=1.0)


def test_three_windows_within_ten_percent_are_stable():
    assert stable([window(100), window(105), window(110)])
    assert not stable([window(100), window(105), window(111)])
    assert stable([window(500), window(100), window(105), window(110)]), "older windows do not count"


def test_latency_must_hold_still_too():
    assert not stable([window(100, 1.0), window(100, 1.0), window(100, 1.2)])


def test_too_few_windows_or_one_without_an_answer_are_not_stable():
    assert not stable([window(100)] * 2)
    assert not stable([window(100), window(0), window(100)])


def test_subjects_take_turns_until_all_are_stable():
    order = []

    def subject(name, rates):
        each = iter(rates)

        def measure():
            order.append(name)
            return window(next(each))

        return measure

    subjects = {"steady": subject("steady", [100] * 9), "late": subject("late", [10, 50, 100, 100, 100])}
    result = in_turns(subjects, most=9)
    assert order == ["steady", "late"] * 5
    assert result["late"] == {
        "requests_per_second": 100.0,
        "p50_ms": 1.0,
        "p95_ms": 1.0,
        "p99_ms": 1.0,
        "stable": True,
        "windows": 5,
    }


def test_what_does_not_hold_still_is_said_to_be_unstable():
    rates = iter([100, 200, 100, 200])
    result = in_turns({"wild": lambda: window(next(rates))}, most=4)
    assert (result["wild"]["stable"], result["wild"]["windows"]) == (False, 4)
