from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shamal.providers.mlflow.errors import InvalidGates
from shamal.providers.mlflow.gates.skew import Skew, measure, psi
from shamal.providers.mlflow.training_set import TrainingSet

SET = TrainingSet(Path(), ("distance", "carrier"), {"carrier": 3}, "late", "digest", "1", {})


def rows(seed: int, count: int = 5000) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.column_stack([random.normal(size=count), random.integers(0, 3, count)])


@pytest.mark.parametrize("given", [{}, {"max_psi": 0.1, "ignore": []}, {"max_psi": True}, {"max_psi": 0}])
def test_a_wrong_section_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidGates, match="max_psi"):
        Skew.parse(given)


def test_the_index_is_the_sum_over_bins() -> None:
    before, after = np.array([0.0] * 499 + [1.0] * 500), np.array([0.0] * 249 + [1.0] * 750)
    p, q = np.array([499.5, 500.5, 0.5, 0.5, 0.5]) / 1001.5, np.array([249.5, 750.5, 0.5, 0.5, 0.5]) / 1001.5
    assert psi(before, after, 3) == pytest.approx(((q - p) * np.log(q / p)).sum())
    assert psi(before, before, None) == psi(before, before, 3) == 0


def test_rows_of_the_same_kind_are_stable() -> None:
    found, columns = measure(SET, rows(1), rows(2))
    assert (found.value or 1) < 0.02
    assert [(each["column"], each["constant"], each["missing_train"]) for each in columns] == [
        ("distance", False, 0),
        ("carrier", False, 0),
    ]


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("distance", lambda values: values * 1.8 + 32),
        ("distance", lambda values: np.where(np.arange(len(values)) % 2, np.nan, values)),
        ("distance", lambda values: values * 0),
        ("carrier", lambda values: values + 2),
    ],
    ids=["wrong unit", "half missing", "constant", "unknown codes"],
)
def test_a_broken_column_is_named(column: str, change: Any) -> None:
    after = rows(2)
    at = SET.features.index(column)
    after[:, at] = change(after[:, at])
    found, columns = measure(SET, rows(1), after)
    assert (found.value or 0) > 1
    assert f"worst column {column}" in found.note
    assert columns[at]["constant"] == ("constant" in found.note)


def test_an_exempt_column_may_shift_but_not_run_empty() -> None:
    after = rows(2)
    after[:, 0] += 5
    found, columns = measure(SET, rows(1), after, ("distance",))
    assert (found.value or 1) < 0.02
    assert (columns[0]["judged"], columns[0]["psi"] > 5) == (False, True)
    after[:, 0] = np.nan
    found, _ = measure(SET, rows(1), after, ("distance",))
    assert found.said == (False, "columns without any value: distance")


def test_what_is_exempt_must_exist_and_something_must_be_left() -> None:
    for exempt in (("wind",), ("distance", "carrier")):
        with pytest.raises(InvalidGates, match="name some of distance, carrier, not all"):
            measure(SET, rows(1), rows(2), exempt)
