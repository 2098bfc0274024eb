import json
import re

import pytest

pytestmark = pytest.mark.integration

TAGS = {"dag_id", "run_id", "task_id", "try_number", "actor", "model", "classification", "trace_id"}


def test_every_line_of_every_task_log_on_disk_is_json_and_tagged(small_airflow):
    assert small_airflow.run("log_lines", "tagged") == "failed"

    files = sorted(small_airflow.logs.rglob("run_id=tagged/**/*.log*"))
    lines = [(file, json.loads(line)) for file in files for line in file.read_text().splitlines()]

    assert [(file.name, line) for file, line in lines if TAGS - set(line)] == []
    events = {str(line["event"]) for _, line in lines}
    assert {
        "printed while the DAG file is parsed",
        "printed",
        "logged",
        "from a child process",
        "from a thread",
        "before deferral",
        "from the trigger",
        "after deferral",
    } <= events
    assert {line["task_id"] for _, line in lines} == {"lines", "fails", "dies", "defers"}
    assert any(".trigger." in file.name for file, _ in lines)
    assert {line["run_id"] for _, line in lines} == {"tagged"}
    assert {line["actor"] for _, line in lines} == {"ada"}
    assert {line["model"] for _, line in lines} == {"probe"}
    assert {line["classification"] for _, line in lines} == {"confidential"}
    (trace_id,) = {line["trace_id"] for _, line in lines}
    assert re.fullmatch("[0-9a-f]{32}", trace_id)
    print(f"{len(lines)} lines in {len(files)} files, all tagged")
