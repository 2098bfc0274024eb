"""Every line of every task log on disk says what it belongs to."""

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

TAGS = {"dag_id", "run_id", "task_id", "try_number", "actor", "model", "classification", "trace_id"}


def test_every_task_log_line_is_json_with_every_tag(life: dict[str, Any], stack: Any) -> None:
    folder = Path(stack.settings["AIRFLOW__LOGGING__BASE_LOG_FOLDER"])
    lines = 0
    for file in folder.glob("dag_id=*/**/*.log*"):
        for number, text in enumerate(file.read_text().splitlines(), 1):
            line = json.loads(text)
            assert not TAGS - line.keys(), f"{file}:{number} lacks {TAGS - line.keys()}: {text[:300]}"
            lines += 1
    assert lines > 500


def test_the_actor_of_a_run_is_who_triggered_it(life: dict[str, Any], stack: Any) -> None:
    folder = Path(stack.settings["AIRFLOW__LOGGING__BASE_LOG_FOLDER"])
    actors = set()
    for file in folder.glob("dag_id=flight_delays_ingest/run_id=manual*/**/*.log"):
        actors |= {json.loads(text)["actor"] for text in file.read_text().splitlines()}
    assert actors == {"engineer"}
