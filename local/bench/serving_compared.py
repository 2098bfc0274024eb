"""One model, three ways to serve it: `python -m local.bench.serving_compared` measures beside the test stack.

Triton behind our router, MLflow's own scoring server, and ONNX Runtime in the client's process, in turns.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from local import groups, settings
from local.bench import own_model, scoring_server
from local.settings import HOME
from shamal.providers.triton import load
from shamal.providers.triton.hooks.triton import TritonHook

ROUNDS = 2
SECONDS = 1.0
Calls = Callable[[int], list[Callable[[], object]]]


def compared(hook: TritonHook) -> dict[str, dict[str, dict[str, float]]]:
    """Return per way and number of clients (1, 8) the percentiles in milliseconds and the requests per second."""
    with TemporaryDirectory(prefix="shamal-bench-") as name, own_model.served(hook) as model:
        onnx = own_model.write(Path(name) / "onnx", 1)
        with _scoring_server(onnx, Path(name) / "mlflow") as port:
            ways: dict[str, Callable[[int], list[float]]] = {
                "router, gRPC": lambda clients: hook.latencies(
                    model, own_model.rows()[:1], concurrency=clients, seconds=SECONDS
                ),
                "router, REST": _looping(partial(_posting, hook.address, f"/v2/models/{model}/infer", _v2_request())),
                "mlflow": _looping(partial(_posting, f"127.0.0.1:{port}", "/invocations", _mlflow_request())),
                "onnxruntime": _looping(partial(_running, onnx)),
            }
            return _in_turns(ways)


def _in_turns(ways: Mapping[str, Callable[[int], list[float]]]) -> dict[str, dict[str, dict[str, float]]]:
    measured: dict[tuple[str, int], list[float]] = defaultdict(list)
    for clients in (1, 8):
        for _ in range(ROUNDS):
            for way, ask in ways.items():
                measured[way, clients] += ask(clients)
    figures: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    for (way, clients), latencies in measured.items():
        figures[way][str(clients)] = load.summary(latencies, ROUNDS * SECONDS)
    return figures


def _looping(calls: Calls) -> Callable[[int], list[float]]:
    return lambda clients: load.closed_loop(calls(clients), SECONDS)


def _posting(address: str, path: str, body: bytes, clients: int) -> list[Callable[[], object]]:
    """Return a caller per client that sends the body over a connection of its own, which stays open."""

    def posting(connection: http.client.HTTPConnection) -> bytes:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            raise ConnectionError(f"{address}{path} answers {response.status}: {answer[:500]!r}")
        return answer

    return [partial(posting, http.client.HTTPConnection(address, timeout=30)) for _ in range(clients)]


def _running(onnx: Path, clients: int) -> list[Callable[[], object]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(onnx), options, providers=["CPUExecutionProvider"])
    return [partial(session.run, ["score"], {"features": own_model.rows()[:1]})] * clients


def _v2_request() -> bytes:
    row = own_model.rows()[0].tolist()
    features = {"name": "features", "shape": [1, len(row)], "datatype": "FP32", "data": row}
    return json.dumps({"inputs": [features], "parameters": {"log": False}}).encode()


def _mlflow_request() -> bytes:
    return json.dumps({"inputs": own_model.rows()[:1].tolist()}).encode()


@contextmanager
def _scoring_server(onnx: Path, folder: Path) -> Iterator[int]:
    """Run `mlflow models serve` with the same file inside the block; yield its port."""
    _save(onnx, folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "local.bench.scoring_server", str(folder), str(port)],
        cwd=HOME,
        env=os.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_ready(process, port)
        yield port
    finally:
        groups.kill_leftovers(settings.load(), scoring_server.NAME)
        process.wait()


def _save(onnx: Path, folder: Path) -> None:
    import mlflow.onnx
    import onnx as onnx_library
    from mlflow.models import infer_signature

    rows = own_model.rows()
    mlflow.onnx.save_model(
        onnx_library.load(str(onnx)),
        str(folder),
        pip_requirements=["onnxruntime"],
        signature=infer_signature(rows, rows[:, 0]),
        onnx_execution_providers=["CPUExecutionProvider"],
    )


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/ping")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    sys.exit(f"mlflow models serve was not ready within {seconds:.0f} s")


if __name__ == "__main__":
    print(json.dumps(compared(TritonHook())))
