"""A replica as the manifests describe it, run by hand: Triton and the loader with their arguments, files and probes."""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.kubernetes.manifests import render
from include.kubernetes.settings import load_settings
from include.model_spec import load_model
from local.bench import own_model
from local.servers.triton import SERVER
from local.settings import load, process_environment
from shamal.providers.triton import deployment, traffic
from shamal.providers.triton.testing import FakeTriton

pytestmark = pytest.mark.integration

MODEL = "flight_delays"


@pytest.fixture
def manifests() -> list[dict[str, Any]]:
    return render(load_model(MODEL), load_settings())


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Make the repository's volume: two released versions, as Airflow's tasks leave them."""
    triton = FakeTriton(tmp_path / "repository")
    for version in (1, 2):
        onnx = own_model.write(tmp_path / "trained" / str(version), version)
        digest = hashlib.sha256(onnx.read_bytes()).hexdigest()
        golden = onnx.with_name("golden.json")
        deployment.deploy(triton, MODEL, version, path=onnx.parent, sha256=digest, golden=golden)
        traffic.route(triton, MODEL, version)
    return tmp_path


def test_a_replica_starts_empty_becomes_ready_and_is_measured(manifests: list[dict[str, Any]], volume: Path) -> None:
    [pod] = [each["spec"]["template"]["spec"] for each in manifests if each["kind"] == "Deployment"]
    triton, loader = pod["containers"]
    port, metrics = free_port(), free_port()
    lay_out(pod, manifests, volume)
    with ExitStack() as stack:
        stack.enter_context(tritonserver(volume, [*mounted(triton["args"], volume), *addresses(port, metrics)]))
        wait(lambda: status(port, triton["livenessProbe"]["httpGet"]["path"]) == 200)
        ready = triton["readinessProbe"]["httpGet"]["path"]
        assert status(port, ready) == 400, "no traffic before the router is loaded"
        [path] = [each["value"] for each in loader["env"] if each["name"] == "PYTHONPATH"]
        command = [sys.executable, *mounted(loader["command"][1:], volume), f"http://127.0.0.1:{port}"]
        stack.enter_context(running(command, {"PYTHONPATH": mounted([path], volume)[0]}))
        wait(lambda: status(port, ready) == 200)
        assert status(port, f"/v2/models/{MODEL}/infer", request()) == 200
        assert series_of_the_autoscaler(manifests) <= series(metrics)


def mounted(words: list[str], volume: Path) -> list[str]:
    """Return the words with the pod's folders where this test has them."""
    return [re.sub(r"/(repository|loader)\b", lambda folder: f"{volume}{folder[0]}", word, count=1) for word in words]


def lay_out(pod: dict[str, Any], manifests: list[dict[str, Any]], volume: Path) -> None:
    """Write the loader's files where its volume mounts them."""
    [source] = [each["configMap"] for each in pod["volumes"] if each["name"] == "loader"]
    [data] = [each["data"] for each in manifests if each["metadata"]["name"] == source["name"] and "data" in each]
    for item in source["items"]:
        file = volume / "loader" / item["path"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(data[item["key"]])


def series_of_the_autoscaler(manifests: list[dict[str, Any]]) -> set[str]:
    """Return the series, with the label that the autoscaler selects by, from which its metric is made."""
    [config] = [each["data"]["config.yaml"] for each in manifests if "config.yaml" in each.get("data", {})]
    [rule] = yaml.safe_load(config)["rules"]
    names = set(re.findall(r"\b(nv_\w+)\{", rule["metricsQuery"]))
    assert len(names) == 2
    return {f'{name}{{model="{MODEL}"' for name in names}


def series(port: int) -> set[str]:
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
    return {line.split(",")[0] for line in text.splitlines() if not line.startswith("#")}


def addresses(port: int, metrics: int) -> list[str]:
    result = [f"--http-port={port}", f"--grpc-port={free_port()}", f"--metrics-port={metrics}"]
    return result + [f"--{protocol}-address=127.0.0.1" for protocol in ("http", "grpc", "metrics")]


@contextmanager
def tritonserver(volume: Path, arguments: list[str]) -> Iterator[None]:
    settings = load("test") | {
        "SHAMAL_STATE": str(volume / "state"),
        "SHAMAL_TRITON_MODELS": str(volume / "repository" / "models"),
        "SHAMAL_PREDICTIONS": str(volume / "repository" / "predictions"),
    }
    assert SERVER.prepare
    assert SERVER.environment
    SERVER.prepare(settings)
    program, backends = SERVER.command(settings)[0], SERVER.command(settings)[2]
    environment = process_environment({}) | SERVER.environment(settings, None)  # type: ignore[arg-type]
    with running([program, backends, *arguments], environment):
        yield


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            # The models run in processes of their own.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def request() -> bytes:
    row = own_model.rows()[0].tolist()
    return json.dumps(
        {"inputs": [{"name": "features", "shape": [1, len(row)], "datatype": "FP32", "data": row}]}
    ).encode()


def status(port: int, path: str, body: bytes | None = None) -> int:
    """Return the status of the answer; 0 where nothing answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", body, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(done: Any, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)
