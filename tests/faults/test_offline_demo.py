"""The demo twice on a machine without a network, and what it leaves behind when the stack is stopped: nothing."""

import json
import os
import subprocess
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1500)]

ROOT = Path(__file__).parents[2]
STATE = ROOT / ".shamal" / "offline"
# Namespaces of its own: a network without a way off the machine, of which only the loopback is brought up, and mounts,
# so that nobody else's files are seen in /tmp.
OFFLINE = ["unshare", "--net", "--mount", "bash", "-c"]
TWICE = """
set -e
ip link set lo up
mount --bind "$PWD" /mnt
mount -t tmpfs none /tmp
mkdir -p "$PWD"
mount --bind /mnt "$PWD"
cd "$PWD"
make demo
cp .shamal/offline/demo.json .shamal/offline/first.json
make down
make demo
make down
ls -A /tmp > .shamal/offline/left_behind
"""


def test_the_demo_runs_twice_without_a_network_and_leaves_nothing_running() -> None:
    result = subprocess.run(
        [*OFFLINE, TWICE],
        cwd=ROOT,
        env=os.environ | {"SHAMAL_ENV": "offline"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-5000:]
    for name in ("first.json", "demo.json"):
        summary = json.loads((STATE / name).read_text())
        assert summary["peak_memory_gib"] <= 8
        assert summary["retraining"]["run_id"]
    assert not [process for process in psutil.process_iter(["cmdline"]) if belongs(process)]
    # A checkout below /tmp stands there too.
    assert set((STATE / "left_behind").read_text().split("\n")) - set(ROOT.parts) == {""}
    assert (
        subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        == ""
    )


def belongs(process: psutil.Process) -> bool:
    return str(STATE) in " ".join(process.info["cmdline"] or [])
