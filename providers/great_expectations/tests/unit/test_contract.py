from pathlib import Path

import pytest

from shamal.providers.great_expectations.contract import load_contract
from shamal.providers.great_expectations.errors import InvalidExpectations


def test_rules_are_read(expectations: Path) -> None:
    contract = load_contract(expectations)
    assert [rule.name for rule in contract.row_rules] == ["distance_positive", "carrier_known", "carrier_present"]
    assert [rule.columns for rule in contract.table_rules] == [[], ["flight_id"]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("row_rules:", "row_rule:", "unknown key 'row_rule'; did you mean 'row_rules'"),
        (
            "values_to_be_between",
            "value_to_be_betwen",
            "'distance_positive': type .* did you mean 'expect_column_values",
        ),
        (
            "strict_min: true",
            "strict_mim: true",
            "'distance_positive': unknown field 'strict_mim'; did you mean 'strict_min'",
        ),
        ("strict_min: true", "mostly: 0.5", "unknown field 'mostly'"),
        ("    min_value: 0\n", "", "'distance_positive': min_value and max_value cannot both be None"),
        ("value_set: [UA, AA]", "value_set: 5", "'carrier_known': value_set"),
        ("name: carrier_known", "name: carrier_present", "'carrier_present' is used twice"),
        ("  - name: carrier_known\n    type", "  - type", "lacks name or type"),
        ("row_rules:", "row_rules: [", "no readable YAML"),
    ],
)
def test_mistakes_are_named(expectations: Path, old: str, new: str, message: str) -> None:
    expectations.write_text(expectations.read_text().replace(old, new, 1))
    with pytest.raises(InvalidExpectations, match=message) as error:
        load_contract(expectations)
    assert str(expectations) in str(error.value)


def test_a_table_expectation_is_no_row_rule(expectations: Path) -> None:
    text = expectations.read_text().replace("expect_column_values_to_not_be_null", "expect_column_mean_to_be_between")
    expectations.write_text(text)
    with pytest.raises(InvalidExpectations, match="is no expectation for row_rules"):
        load_contract(expectations)


def test_a_missing_column_is_named(expectations: Path) -> None:
    with pytest.raises(InvalidExpectations, match=r"'carrier_known': column 'carrier' .* did you mean 'carriers'"):
        load_contract(expectations).check_columns(["flight_id", "distance", "carriers"])
