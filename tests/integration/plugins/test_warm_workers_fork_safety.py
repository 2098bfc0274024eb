"""All real libraries in a fresh process: about half a minute."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

PLUGINS = Path(__file__).parents[3] / "plugins"
PRELOAD = """
import json, resource, time
import warm_workers
start = time.monotonic()
modules = warm_workers.preload()
print(json.dumps({
    "modules": modules, "expected": list(warm_workers.MODULES), "threads": warm_workers.threads(),
    "seconds": time.monotonic() - start, "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
"""


def test_one_thread_is_left_after_importing_everything(tmp_path):
    environment = os.environ | {
        "PYTHONPATH": str(PLUGINS),
        "AIRFLOW_HOME": str(tmp_path),
        "OPENBLAS_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "EVIDENTLY_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        "FEAST_TELEMETRY": "False",
    }

    run = subprocess.run(
        [sys.executable, "-c", PRELOAD], env=environment, capture_output=True, text=True, check=True, timeout=240
    )

    facts = json.loads(run.stdout.splitlines()[-1])
    print(f"{facts['seconds']:.1f} s, {facts['rss']} MiB")
    assert facts["modules"] == facts["expected"]
    assert len(facts["threads"]) == 1
