from typing import Any

import pytest

from include.release.page import page

REFERENCE = {"model": "churn", "version": 4, "champion": 3, "run_id": "f" * 32, "sha256": "a" * 64}
TAGS = {"shamal.snapshot_id": "77", "airflow.dag_id": "churn_train", "airflow.run_id": "manual__1"}


@pytest.fixture
def gates() -> dict[str, Any]:
    verdict = {"value": 0.75, "limit": 0.65, "interval": [0.74, 0.76], "passed": True, "waived_by": None}
    return {
        "verdicts": [
            verdict | {"gate": "min_roc_auc", "reason": "must be at least 0.65"},
            verdict
            | {"gate": "max_log_loss", "passed": True, "waived_by": "approver", "reason": "a | b", "interval": None},
        ],
        "metrics": {"model": {"roc_auc": 0.75}, "baseline": {"roc_auc": 0.74}, "champion": {"roc_auc": 0.7525}},
        "rows": {"train": 10, "evaluation": 27_000},
        "champion": {"version": 3, "incomparable": None},
        "slices": {
            "carrier": [
                {"slice": "2", "rows": 700, "value": 0.4, "judged": True},
                {"slice": "1", "rows": 900, "value": 0.8, "judged": True},
                {"slice": "3", "rows": 3, "value": None, "judged": False},
            ]
        },
    }


def test_the_page_shows_gates_with_intervals_and_who_waived_one(gates: dict[str, Any]) -> None:
    text = page(REFERENCE, gates, TAGS, "engineer")
    assert "Gates: 1 of 2 limits are kept, 1 waived: max_log_loss (by approver)" in text
    assert "| min_roc_auc | 0.75 | 0.74 to 0.76 | 0.65 | yes | must be at least 0.65 |" in text
    assert "| waived | a / b |" in text, "a reason cannot break the table"


def test_the_page_compares_with_the_version_that_answers_now(gates: dict[str, Any]) -> None:
    text = page(REFERENCE, gates, TAGS, "engineer")
    assert "Against version 3, which answers now" in text
    assert "| roc_auc | 0.75 | 0.7525 | -0.0025 | 0.74 |" in text


def test_a_first_version_and_an_incomparable_champion_are_said(gates: dict[str, Any]) -> None:
    del gates["metrics"]["champion"]
    first = page(REFERENCE | {"champion": None}, gates | {"champion": None}, TAGS, "engineer")
    assert "### The first version" in first
    assert "| roc_auc | 0.75 | - | - | 0.74 |" in first
    other = {"version": 3, "incomparable": "its features differ"}
    assert "Not comparable: its features differ." in page(REFERENCE, gates | {"champion": other}, TAGS, "engineer")


def test_slices_are_drawn_as_they_come_with_the_worst_first(gates: dict[str, Any]) -> None:
    chart = page(REFERENCE, gates, TAGS, "engineer").split("### Slices of carrier")[1].split("### ")[0]
    worst, best = [line for line in chart.splitlines() if "█" in line]
    assert worst.split()[0] == "2"
    assert worst.count("█") * 2 == best.count("█")
    assert "1 slices more" in chart


def test_the_change_record_leads_back_to_data_and_code(gates: dict[str, Any]) -> None:
    record = page(REFERENCE, gates, TAGS, "engineer").split("### Change record")[1]
    for part in ("engineer", "4 (answers now: 3)", "`" + "f" * 32, "77", "churn_train, run manual__1"):
        assert part in record
