import pytest

from local.bench.result import Value


@pytest.mark.parametrize(
    ("value", "within"),
    [
        (Value("tax", 1.1, "x", 1.15), True),
        (Value("tax", 1.2, "x", 1.15), False),
        (Value("throughput", 0.83, "x", 0.8, at_least=True), True),
        (Value("throughput", 0.7, "x", 0.8, at_least=True), False),
        (Value("six empty tasks", 2.9, "s"), None),
    ],
)
def test_a_budget_is_the_most_or_the_least(value: Value, within: bool | None) -> None:
    assert value.within is within
