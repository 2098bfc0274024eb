import subprocess
import sys

import psutil
import pytest

from local import groups

RECORD_FORK_AND_DIE = """
import os, sys, time
from local import groups
groups.record({"SHAMAL_STATE": sys.argv[1]}, "mlflow")
if os.fork() == 0:
    print(os.getpid(), flush=True)
    time.sleep(60)
"""


def test_children_of_a_dead_server_are_ended(tmp_path):
    settings = {"SHAMAL_STATE": str(tmp_path)}
    server = subprocess.Popen(
        [sys.executable, "-c", RECORD_FORK_AND_DIE, str(tmp_path)], stdout=subprocess.PIPE, start_new_session=True
    )
    child = psutil.Process(int(server.stdout.readline()))
    server.wait(timeout=10)
    assert [process.pid for process in groups.members(settings, "mlflow")] == [child.pid]
    groups.kill_leftovers(settings, "mlflow")
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert groups.members(settings, "mlflow") == []


def test_the_callers_own_group_is_spared(tmp_path):
    settings = {"SHAMAL_STATE": str(tmp_path)}
    groups.record(settings, "mlflow")
    assert groups.started(settings, "mlflow") == pytest.approx(psutil.Process().create_time())
    groups.kill_leftovers(settings, "mlflow")
    assert groups.started(settings, "mlflow") is None


def test_a_server_that_never_started_has_no_processes(tmp_path):
    assert groups.members({"SHAMAL_STATE": str(tmp_path)}, "mlflow") == []
