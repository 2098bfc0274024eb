import fcntl
import os
import subprocess

import psutil

from local.pod_runner import process
from local.pod_runner.objects import read_json, write_json


def test_the_lock_says_whether_a_supervisor_lives(tmp_path):
    assert not process.supervised(tmp_path)
    with (tmp_path / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert process.supervised(tmp_path)
    assert not process.supervised(tmp_path)


def test_a_later_stop_may_only_shorten_the_grace(tmp_path):
    for asked, kept in ((30, 30), (5, 5), (60, 5)):
        process.request_stop(tmp_path, asked)
        assert read_json(tmp_path / "stop.json") == {"grace": kept}


def test_a_lost_pod_is_killed_and_recorded(tmp_path):
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    created = psutil.Process(child.pid).create_time()
    write_json(tmp_path / "state.json", {"started_at": "s", "pid": child.pid, "create_time": created})
    assert process.state(tmp_path)["reason"] == "ContainerStatusUnknown"
    assert child.wait(5) == -9
    assert process.state(tmp_path)["exit_code"] == 137


def test_a_process_that_only_has_the_same_pid_is_left_alone(tmp_path):
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        write_json(tmp_path / "state.json", {"started_at": "s", "pid": child.pid, "create_time": 1.0})
        assert process.state(tmp_path)["exit_code"] == 137
        assert child.poll() is None
        os.getsid(child.pid)
    finally:
        child.kill()
        child.wait()
