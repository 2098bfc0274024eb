"""Evaluates rules with Great Expectations in this process; no value of the data leaves it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

from shamal.providers.great_expectations.contract import Rule

if TYPE_CHECKING:
    import pandas as pd

    from great_expectations.core.batch import Batch

# Expectations whose observed value is one number over all rows.
AGGREGATES = ("row_count", "mean", "stdev", "sum", "proportion", "unique_value_count")


@dataclass(frozen=True)
class Outcome:
    """What one rule said.

    :param broken: positions of the rows that break it.
    :param problem: why it did not pass, without any value of a row; "" when it passed.
    """

    rule: str
    problem: str
    broken: list[int] = field(default_factory=list)


def evaluate(rows: pd.DataFrame, rules: Iterable[Rule]) -> list[Outcome]:
    """Return each rule's outcome, in the rules' order.

    :param rows: with positions 0 to N-1 as index.
    """
    import great_expectations as gx

    rules = list(rules)
    if not rules:
        return []
    # Complete results list every broken row; they hold values, so nothing but positions is taken from them.
    suite = gx.ExpectationSuite(name="contract", expectations=[rule.expectation() for rule in rules])
    results = _batch(rows).validate(suite, result_format={"result_format": "COMPLETE"})
    outcomes = {result.expectation_config.meta["rule"]: _outcome(result) for result in results.results}
    return [outcomes[rule.name] for rule in rules]


def _batch(rows: pd.DataFrame) -> Batch:
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        # By default even an in-memory context leaves a temporary folder for its documentation site.
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    asset = context.data_sources.add_pandas("staged").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": rows})


def _outcome(result: Any) -> Outcome:
    rule = result.expectation_config.meta["rule"]
    # Great Expectations reports an exception as success=False with a dictionary keyed by metric.
    if result.exception_info.get("raised_exception") is not False:
        return Outcome(rule, f"raised {_exception_name(result.exception_info)} inside Great Expectations")
    if result.success:
        return Outcome(rule, "")
    if "unexpected_count" in result.result:
        positions = list(result.result.get("unexpected_index_list") or [])
        return Outcome(rule, f"broken by {result.result['unexpected_count']} rows", positions)
    observed = result.result.get("observed_value")
    # A count or a mean tells what to do; a minimum or a set would show values of single rows.
    safe = any(word in result.expectation_config.type for word in AGGREGATES) and isinstance(observed, Real)
    return Outcome(rule, f"observed {float(observed):g}" if safe else "not satisfied")


def _exception_name(info: dict[str, Any]) -> str:
    """The class alone: a message may quote a value."""
    details = info if "raised_exception" in info else next(iter(info.values()), {})
    lines = str(details.get("exception_traceback") or "").strip().splitlines()
    last = next((line for line in reversed(lines) if line and not line.startswith(" ") and ":" in line), "an exception")
    return last.split(":", 1)[0].rsplit(".", 1)[-1]
