"""A stand-in takes perf_analyzer's place; the real one runs in `tests/integration`, if there is one."""

import json
import sys

import numpy as np
import pytest

from shamal.providers.triton import perf_analyzer
from shamal.providers.triton.errors import BenchmarkFailed

REPORT = (
    "Concurrency,Inferences/Second,Client Send,Network+Server Send/Recv,Server Queue,Server Compute Input,"
    "Server Compute Infer,Server Compute Output,Client Recv,p50 latency,p90 latency,p95 latency,p99 latency\n"
    "2,1200.5,10,200,30,5,400,5,1,1500,1700,1800,2500\n"
)


@pytest.fixture
def executable(tmp_path):
    """Write a program that notes its arguments and input, writes the report and ends with `status`."""

    def write(status=0, report=REPORT):
        path = tmp_path / "perf_analyzer"
        path.write_text(
            f"#!{sys.executable}\n"
            "import json, pathlib, sys\n"
            "data = next(a.split('=')[1] for a in sys.argv if a.startswith('--input-data='))\n"
            "seen = {'arguments': sys.argv[1:], 'data': json.loads(pathlib.Path(data).read_text())}\n"
            f"pathlib.Path({str(tmp_path / 'seen.json')!r}).write_text(json.dumps(seen))\n"
            f"if {status} == 0: pathlib.Path(sys.argv[sys.argv.index('-f') + 1]).write_text({report!r})\n"
            "print('last words', file=sys.stderr)\n"
            f"sys.exit({status})\n"
        )
        path.chmod(0o700)
        return str(path)

    return write


def measure(executable, *, batched=False):
    return perf_analyzer.measure(
        executable,
        "127.0.0.1:8001",
        "churn__v1",
        np.array([[1, 2], [1, 2]], np.float32),
        batched=batched,
        concurrency=2,
        window_seconds=0.5,
        most_windows=4,
    )


def test_report_becomes_figures(executable, tmp_path):
    assert measure(executable()) == {
        "requests_per_second": 1200.5,
        "p50_ms": 1.5,
        "p95_ms": 1.8,
        "p99_ms": 2.5,
        "stable": True,
        "windows": None,
    }
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert {"--concurrency-range=2", "--measurement-interval=500", "--max-trials=4"} <= set(seen["arguments"])
    assert seen["data"] == {"data": [{"features": {"content": [1, 2, 1, 2], "shape": [2, 2]}}]}


def test_rows_are_the_batch_of_a_model_that_batches(executable, tmp_path):
    assert measure(executable(), batched=True)["requests_per_second"] == 600.25
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["arguments"][seen["arguments"].index("-b") + 1] == "2"
    assert seen["data"] == {"data": [{"features": {"content": [1, 2], "shape": [2]}}]}


def test_an_unstable_measurement_has_no_figures(executable):
    result = measure(executable(status=2))
    assert result["stable"] is False
    assert result["requests_per_second"] is None


def test_a_failure_is_told_with_its_last_words(executable, tmp_path):
    with pytest.raises(BenchmarkFailed, match="ended with 99: last words"):
        measure(executable(status=99))
    with pytest.raises(BenchmarkFailed, match="did not run"):
        measure(str(tmp_path / "missing"))
