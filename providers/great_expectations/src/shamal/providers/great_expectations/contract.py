"""The expectations file of a table: row rules (a broken row is quarantined) and table rules (all or nothing)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from shamal.providers.great_expectations.errors import InvalidExpectations

SECTIONS = ("row_rules", "table_rules")
# Fields of an expectation that name columns of the table.
COLUMN_FIELDS = ("column", "column_A", "column_B", "column_list")
# Fields of every expectation that this provider decides itself.
RESERVED = ("id", "meta", "result_format", "catch_exceptions", "rendered_content", "batch_id", "windows", "severity")


@dataclass(frozen=True)
class Rule:
    """One named expectation.

    :param type: Great Expectations' name of it, such as `expect_column_values_to_be_between`.
    :param fields: its own arguments.
    """

    name: str
    type: str
    fields: dict[str, Any]

    @property
    def columns(self) -> list[str]:
        """The table columns that the rule names."""
        named = [self.fields[field] for field in COLUMN_FIELDS if field in self.fields]
        return [column for value in named for column in (value if isinstance(value, list) else [value])]

    def expectation(self) -> Any:
        """Return the Great Expectations object, marked with the rule's name."""
        from great_expectations.expectations.registry import get_expectation_impl

        return get_expectation_impl(self.type)(meta={"rule": self.name}, **self.fields)


@dataclass(frozen=True)
class Contract:
    """All rules of one file."""

    file: Path
    row_rules: tuple[Rule, ...]
    table_rules: tuple[Rule, ...]

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raise unless the table has every column that a rule names.

        :raises InvalidExpectations: with the rule and a similar column.
        """
        for rule in (*self.row_rules, *self.table_rules):
            for column in rule.columns:
                if column not in columns:
                    raise _error(self.file, rule.name, f"column {column!r} is not in the table", column, columns)


def load_contract(file: Path) -> Contract:
    """Return the rules of an expectations file, each checked by Great Expectations itself.

    :raises InvalidExpectations: with file, rule, field and what was probably meant.
    """
    try:
        content = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise InvalidExpectations(f"{file} is no readable YAML file: {error}") from error
    if not isinstance(content, dict):
        raise InvalidExpectations(f"{file} must hold the keys {' and '.join(SECTIONS)}.")
    for section, entries in content.items():
        if section not in SECTIONS:
            raise _error(file, "top level", f"unknown key {section!r}", section, SECTIONS)
        if not isinstance(entries, list):
            raise InvalidExpectations(f"{file}: {section} must be a list of rules, each with name, type and arguments.")
    contract = Contract(
        file, *(tuple(_rule(file, section, entry) for entry in content.get(section, [])) for section in SECTIONS)
    )
    names = [rule.name for rule in (*contract.row_rules, *contract.table_rules)]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidExpectations(
            f"{file}: rule name {repeated[0]!r} is used twice; each rule needs a name of its own."
        )
    return contract


def _rule(file: Path, section: str, entry: Any) -> Rule:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("name", "type")):
        raise InvalidExpectations(f"{file}: a rule of {section} lacks name or type; it is {entry!r}.")
    fields = {key: value for key, value in entry.items() if key not in ("name", "type")}
    rule = Rule(entry["name"], entry["type"], fields)
    _check_type(file, section, rule)
    _check_fields(file, section, rule)
    return rule


def _check_type(file: Path, section: str, rule: Rule) -> None:
    from great_expectations.expectations import expectation as gx
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    known = list_registered_expectation_implementations()
    if section == "row_rules":
        by_row = (gx.ColumnMapExpectation, gx.ColumnPairMapExpectation, gx.MulticolumnMapExpectation)
        known = [name for name in known if issubclass(get_expectation_impl(name), by_row)]
    if rule.type not in known:
        raise _error(file, rule.name, f"type {rule.type!r} is no expectation for {section}", rule.type, known)


def _check_fields(file: Path, section: str, rule: Rule) -> None:
    from great_expectations.compatibility.pydantic import ValidationError
    from great_expectations.expectations.registry import get_expectation_impl

    # A row is broken or it is not: a share of them is what max_quarantined limits.
    reserved = (*RESERVED, "mostly") if section == "row_rules" else RESERVED
    allowed = [name for name in get_expectation_impl(rule.type).__fields__ if name not in reserved]
    for field in rule.fields:
        if field not in allowed:
            raise _error(file, rule.name, f"unknown field {field!r}", field, allowed)
    try:
        rule.expectation()
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidExpectations(f"{file}: rule {rule.name!r}: {problems.replace('__root__: ', '')}") from error


def _error(file: Path, rule: str, problem: str, given: str, allowed: Iterable[str]) -> InvalidExpectations:
    near = get_close_matches(str(given), [str(name) for name in allowed], n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"allowed are: {', '.join(sorted(map(str, allowed)))}."
    return InvalidExpectations(f"{file}: rule {rule!r}: {problem}; {hint}")
