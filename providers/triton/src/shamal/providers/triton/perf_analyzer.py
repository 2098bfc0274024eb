"""NVIDIA's perf_analyzer as the client: it runs, and its report becomes our figures.

Options and report: docs/cli.md and src/report_writer.cc of github.com/triton-inference-server/perf_analyzer.
"""

import csv
import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shamal.providers.triton.errors import BenchmarkFailed

STABILITY_ERROR = 2
COLUMNS = {"p50_ms": "p50 latency", "p95_ms": "p95 latency", "p99_ms": "p99 latency"}


def measure(
    executable: str,
    address: str,
    name: str,
    features: Any,
    *,
    batched: bool,
    concurrency: int,
    window_seconds: float,
    most_windows: int,
) -> dict[str, Any]:
    """Return `{"requests_per_second", "p50_ms", "p95_ms", "p99_ms", "stable", "windows"}` of one Triton model.

    It reports no figures of an unstable measurement: they are None then. It does not say how many windows it took.

    :param executable: path of `perf_analyzer`.
    :param address: gRPC `host:port`.
    :param name: Triton's model, `<model>__v<n>`.
    :param features: float32 [N, F], the same for every request.
    :param batched: the model has a `max_batch_size` above 0: the rows are a batch and no dimension of the input.
    :param window_seconds: length of a window.
    :param most_windows: windows after which it gives up.
    :raises BenchmarkFailed: perf_analyzer does not run or fails, with its last words.
    """
    rows = len(features)
    row = {"content": features[0].tolist(), "shape": [features.shape[1]]}
    matrix = {"content": features.reshape(-1).tolist(), "shape": list(features.shape)}
    with TemporaryDirectory(prefix="perf_analyzer-") as folder:
        data, report = Path(folder) / "input.json", Path(folder) / "report.csv"
        data.write_text(json.dumps({"data": [{"features": row if batched else matrix}]}))
        command = [executable, "-m", name, "-u", address, "-i", "grpc", "-b", str(rows if batched else 1)]
        command += [f"--input-data={data}", f"--concurrency-range={concurrency}", "-f", str(report)]
        command += [f"--measurement-interval={round(window_seconds * 1000)}", f"--max-trials={most_windows}"]
        status = _run(command, timeout=60 + 3 * window_seconds * most_windows)
        if status == STABILITY_ERROR:
            figures = dict.fromkeys(["requests_per_second", *COLUMNS])
            return {**figures, "stable": False, "windows": None}
        return {**_figures(report, rows if batched else 1), "stable": True, "windows": None}


def _run(command: list[str], timeout: float) -> int:
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchmarkFailed(f"{command[0]} did not run: {error}; {_OTHERWISE}") from error
    if result.returncode not in (0, STABILITY_ERROR):
        last = (result.stdout + result.stderr).strip()[-1000:]
        raise BenchmarkFailed(f"{command[0]} ended with {result.returncode}: {last}; {_OTHERWISE}")
    return result.returncode


def _figures(report: Path, inferences_per_request: int) -> dict[str, float]:
    with report.open(newline="") as file:
        line = next(csv.DictReader(file))
    throughput = float(line["Inferences/Second"]) / inferences_per_request
    return {"requests_per_second": throughput} | {key: float(line[column]) / 1000 for key, column in COLUMNS.items()}


_OTHERWISE = "repair it, or take it off the PATH: then the benchmark's own client measures"
