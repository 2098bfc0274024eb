import io
from typing import Any

import pytest
from rich.console import Console

from local.demo.summary import show


@pytest.fixture
def summary() -> dict[str, Any]:
    rows = {"days": "2013-01-01 to 2013-03-31", "rows": 100, "good": 97, "quarantined": 3, "snapshot_id": 42}
    report = {"verdict": "drift", "share": 0.5, "report_html": "/reports/july.html"}
    gate = {"gate": "min_roc_auc", "value": 0.76, "limit": 0.74, "passed": True, "waived_by": None}
    return {
        "ingest": rows,
        "later_ingest": rows | {"days": "July"},
        "train": {
            "run_id": "abc",
            "metrics": {"roc_auc": 0.7574, "baseline_roc_auc": 0.7498},
            "verdicts": [
                gate,
                gate | {"gate": "robust", "passed": False},
                gate | {"gate": "max_loss_against_champion", "value": None, "reason": "no champion yet"},
                gate | {"gate": "max_brier", "waived_by": "approver"},
            ],
        },
        "release": {
            "champion": 2,
            "previous": 1,
            "backend": "onnx",
            "canary": {"version": 2, "seconds": 31.4, "steps": [{"share": 0.2}, {"share": 0.5}]},
            "requests": 1900,
            "lost": 0,
        },
        "flights": [{"flight_id": "UA1", "probability": 0.31, "truth": True}],
        "predictions": 10000,
        "monitor": {"July 2013": report},
        "retraining": {"state": "running", "run_id": "asset__1"},
        "seconds": 301.2,
        "peak_memory_gib": 5.25,
        "web_ui": "http://127.0.0.1:8080",
        "login": "/state/users.json",
    }


def test_every_row_is_accounted_for_and_every_verdict_is_said(summary: dict[str, Any]) -> None:
    screen = io.StringIO()
    show(summary, Console(file=screen, width=160))
    text = " ".join(screen.getvalue().split())
    for expected in (
        "2013-01-01 to 2013-03-31: 100 read = 97 good + 3 quarantined",
        "snapshot 42",
        "min_roc_auc: 0.76 (limit 0.74) yes",
        "robust: 0.76 (limit 0.74) NO",
        "max_loss_against_champion: no champion yet yes",
        "max_brier: 0.76 (limit 0.74) waived",
        "ROC AUC 0.7574; logistic regression on the same features 0.7498",
        "version 2 (before: 1), onnx",
        "version 2 got 20%, 50% and then all of the requests within 31 s; 1900 requests at 50/s meanwhile, 0 lost",
        "UA1: 31% late; it was late",
        "July 2013: drift (50% of features drifted)",
        "/reports/july.html",
        "301 s, at most 5.2 GiB",
        "/state/users.json",
    ):
        assert expected in text
