import os
import subprocess
import sys
import time

from local.demo.memory import PeakMemory

HUNGRY = "import sys; held = b'x' * (200 << 20); print('holds', flush=True); sys.stdin.read()"


def test_a_child_counts_and_the_peak_outlives_it() -> None:
    with PeakMemory(lambda: [os.getpid()], every=0.02) as memory:
        while not memory.peak_bytes:
            time.sleep(0.01)
        alone = memory.peak_bytes
        with subprocess.Popen([sys.executable, "-c", HUNGRY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()
            deadline = time.monotonic() + 30
            while memory.peak_bytes < alone + (200 << 20) and time.monotonic() < deadline:
                time.sleep(0.01)
            child.communicate()
    assert memory.peak_bytes >= alone + (200 << 20)
    assert memory.peak_gib == memory.peak_bytes / 2**30


def test_a_process_that_is_gone_counts_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with PeakMemory(lambda: [gone.pid], every=0.01) as memory:
        time.sleep(0.1)
    assert memory.peak_bytes == 0
