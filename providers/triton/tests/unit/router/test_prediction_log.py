import json
import os
import signal
import subprocess
import sys
import time

import numpy as np

from shamal.providers.triton.router.prediction_log import Entry, PredictionLog


def entry(number, rows=1):
    ids = [f"{number}-{row}" for row in range(rows)]
    features = np.array([[1.5, np.nan]] * rows, np.float32)
    scores = np.full(rows, 0.5, np.float32)
    return Entry(1e9, ids, ["e"] * rows, [1_000_001] * rows, [3] * rows, {3: "blue"}, features, scores)


def lines(folder):
    return [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]


def test_every_prediction_is_written_once(tmp_path):
    log = PredictionLog(tmp_path, rows=7)
    for number in range(50):
        log.put(entry(number, rows=2))
    log.close()
    assert sorted(line["prediction_id"] for line in lines(tmp_path)) == sorted(
        f"{number}-{row}" for number in range(50) for row in range(2)
    )
    assert lines(tmp_path)[0] | {"prediction_id": ""} == {
        "prediction_id": "",
        "time": "2001-09-09T01:46:40.000000+00:00",
        "entity_id": "e",
        "event_timestamp": "1970-01-01T00:00:01.000001+00:00",
        "version": 3,
        "arm": "blue",
        "features": [1.5, None],
        "score": 0.5,
    }


def test_each_row_has_the_version_and_arm_that_answered_it(tmp_path):
    log = PredictionLog(tmp_path)
    rows = np.array([[1.0], [2.0]], np.float32)
    log.put(Entry(1e9, ["a", "b"], None, None, [3, 4], {4: "blue"}, rows, np.array([0.25, np.inf], np.float32)))
    log.close()
    assert [(line["version"], line["arm"], line["features"], line["score"]) for line in lines(tmp_path)] == [
        (3, None, [1.0], 0.25),
        (4, "blue", [2.0], None),
    ]


def test_a_segment_is_closed_after_its_time(tmp_path):
    log = PredictionLog(tmp_path, seconds=0.2)
    log.put(entry(1))
    deadline = time.monotonic() + 5
    while not lines(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(lines(tmp_path)) == 1
    log.close()


def test_a_full_queue_drops_and_counts_and_never_waits(tmp_path):
    warnings = []
    log = PredictionLog(tmp_path, capacity=0, warn=warnings.append)
    log.put(entry(1, rows=3))
    log.close()
    assert log.dropped == 3
    assert "3 predictions dropped" in warnings[-1]


def test_what_a_crash_left_open_is_closed_without_its_cut_line(tmp_path):
    (tmp_path / "a.jsonl.open").write_text('{"prediction_id": "1"}\n{"predic')
    PredictionLog(tmp_path).close()
    assert lines(tmp_path) == [{"prediction_id": "1"}]


def test_a_segment_that_another_process_writes_is_left_alone(tmp_path):
    code = (
        "import fcntl, sys, time\n"
        f"file = open({str(tmp_path / 'b.jsonl.open')!r}, 'a')\n"
        "fcntl.flock(file, fcntl.LOCK_EX); print('locked', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "locked\n"
        PredictionLog(tmp_path).close()
        assert (tmp_path / "b.jsonl.open").exists()
        os.kill(writer.pid, signal.SIGKILL)
