import os
import subprocess
import sys
import time

import pytest

from local.pod_runner import process
from local.pod_runner.images import PROJECT_ROOT
from local.pod_runner.objects import read_json, write_json


@pytest.fixture
def supervise(tmp_path):
    def run(script, **plan):
        defaults = {"argv": ["sh", "-c", script], "env": {"PATH": os.defpath}, "cwd": "/", "memory": None}
        write_json(tmp_path / "launch.json", defaults | {"deadline": None, "grace": 1} | plan)
        command = [sys.executable, "-m", "local.pod_runner.shim", str(tmp_path)]
        return subprocess.Popen(command, cwd=PROJECT_ROOT)

    return run


def test_the_end_and_the_output_are_recorded(supervise, tmp_path):
    assert supervise("echo out; echo err >&2; exit 3").wait(10) == 0
    state = read_json(tmp_path / "state.json")
    assert (state["exit_code"], state["reason"]) == (3, "Error")
    assert [line.split(b" ")[1] for line in (tmp_path / "log").read_bytes().splitlines()] == [b"out", b"err"]


def test_a_pod_runs_once(supervise, tmp_path):
    both = [supervise("sleep 0.3; echo once") for _ in range(2)]
    assert [shim.wait(10) for shim in both] == [0, 0]
    assert (tmp_path / "log").read_bytes().count(b"once") == 1


def test_a_folder_that_is_not_there_is_a_start_error(supervise, tmp_path):
    supervise("true", cwd="/no/such/folder").wait(10)
    state = read_json(tmp_path / "state.json")
    assert (state["exit_code"], state["reason"]) == (128, "StartError")
    assert "/no/such/folder" in state["message"]


@pytest.mark.parametrize(("grace", "code"), [(5, 9), (0.3, 137)])
def test_a_stop_gives_its_grace(supervise, tmp_path, grace, code):
    shim = supervise("trap 'sleep 1; exit 9' TERM; echo ready; while :; do sleep 0.05; done")
    while not (tmp_path / "log").exists() or not (tmp_path / "log").read_bytes():
        time.sleep(0.05)
    process.request_stop(tmp_path, grace)
    shim.wait(10)
    assert read_json(tmp_path / "state.json")["exit_code"] == code


def test_a_deadline_ends_it(supervise, tmp_path):
    supervise("sleep 60", deadline=0.3).wait(10)
    assert read_json(tmp_path / "state.json")["reason"] == "DeadlineExceeded"
