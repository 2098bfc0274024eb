"""The benchmark on a real Triton, with every client that runs on this machine."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.operators.benchmark import BenchmarkModelOperator
from shamal.providers.triton.operators.deploy import DeployModelOperator
from shamal.providers.triton.operators.route import RouteTrafficOperator

pytestmark = pytest.mark.integration

ANALYZER = shutil.which("perf_analyzer")
RUNS = ANALYZER and subprocess.run([ANALYZER, "--version"], capture_output=True, check=False).returncode == 0


@pytest.fixture(params=["shamal", *(["perf_analyzer"] if RUNS else [])])
def client(request, monkeypatch, tmp_path):
    if request.param == "shamal":
        monkeypatch.setenv("PATH", str(tmp_path))
    return request.param


def test_a_candidate_is_measured_against_the_champion(model, make_version, client):
    for version in (1, 2):
        DeployModelOperator(task_id="d", model=model, version=version, **make_version(version)).execute({})
    RouteTrafficOperator(task_id="r", model=model, version=1).execute({})
    operator = BenchmarkModelOperator(
        task_id="b", model=model, version=2, batch_sizes=[1, 8], concurrency=[2], window_seconds=0.3, most_windows=5
    )
    result = operator.execute({})
    assert (result["client"], result["version"], result["champion"]) == (client, 2, 1)
    assert [each["batch_size"] for each in result["measurements"]] == [1, 8]
    for each in result["measurements"]:
        for side in (each["version"], each["champion"]):
            assert not side["stable"] or side["requests_per_second"] > 10
            assert not side["stable"] or 0 < side["p50_ms"] <= side["p95_ms"] <= side["p99_ms"]
    assert json.loads(Path(result["file"]).read_text()) == result


def test_the_requests_stay_out_of_the_prediction_log(model, make_version):
    hook = TritonHook()
    DeployModelOperator(task_id="d", model=model, version=1, **make_version(1)).execute({})
    RouteTrafficOperator(task_id="r", model=model, version=1).execute({})
    assert hook.latencies(model, np.zeros((1, 4), np.float32), concurrency=1, seconds=0.2)
    time.sleep(hook.prediction_log_seconds + 0.5)
    assert list((hook.prediction_log / model).glob("*.jsonl*")) == []
