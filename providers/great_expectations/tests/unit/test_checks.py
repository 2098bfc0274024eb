from pathlib import Path

import pyarrow as pa  # noqa: TID253 - a test module is a leaf
import pytest

from shamal.providers.great_expectations.checks import evaluate
from shamal.providers.great_expectations.contract import Rule, load_contract


def test_broken_rows_by_rule(expectations: Path, rows: pa.Table) -> None:
    outcomes = evaluate(rows.to_pandas(), load_contract(expectations).row_rules)
    assert {outcome.rule: outcome.broken for outcome in outcomes} == {
        "distance_positive": [3, 7],
        "carrier_known": [7],
        "carrier_present": [],
    }


def test_an_exception_is_no_pass(rows: pa.Table) -> None:
    rule = Rule("text_is_no_number", "expect_column_values_to_be_between", {"column": "carrier", "min_value": 0})
    (outcome,) = evaluate(rows.to_pandas(), [rule])
    assert "inside Great Expectations" in outcome.problem
    assert not outcome.broken
    assert "UA" not in outcome.problem


@pytest.mark.parametrize(
    ("type_", "problem"),
    [("expect_column_mean_to_be_between", "observed -"), ("expect_column_min_to_be_between", "not satisfied")],
)
def test_no_value_of_a_row_is_told(rows: pa.Table, type_: str, problem: str) -> None:
    (outcome,) = evaluate(rows.to_pandas(), [Rule("r", type_, {"column": "distance", "min_value": 0})])
    assert outcome.problem.startswith(problem)
    assert "424242" not in outcome.problem


def test_nothing_is_written(
    tmp_path: Path,
    expectations: Path,
    rows: pa.Table,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    evaluate(rows.to_pandas(), load_contract(expectations).row_rules)
    assert list(folder.iterdir()) == []
    assert "424242" not in "".join(capfd.readouterr())
