"""The loader beside a real Triton, run as it runs in a pod: its two files and the standard library."""

import subprocess
import sys
import time
from importlib.resources import files

import numpy as np
import pytest

from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.operators.deploy import DeployModelOperator
from shamal.providers.triton.operators.route import RouteTrafficOperator

pytestmark = pytest.mark.integration


def test_a_replica_that_starts_empty_serves_the_route(model, make_version, tmp_path):
    hook = TritonHook()
    for version in (1, 2):
        DeployModelOperator(task_id="d", model=model, version=version, **make_version(version)).execute({})
        RouteTrafficOperator(task_id="r", model=model, version=version).execute({})
    names = [model, f"{model}__v1", f"{model}__v2"]
    for name in names:
        hook.unload(name)
    wait(lambda: not any(hook.ready(name) for name in names))
    package = files("shamal.providers.triton")
    route = tmp_path / "shamal" / "providers" / "triton" / "router"
    route.mkdir(parents=True)
    (route / "route.py").write_text((package / "router" / "route.py").read_text())
    (tmp_path / "loader.py").write_text((package / "loader.py").read_text())
    command = [sys.executable, "-S", str(tmp_path / "loader.py")]
    command += [str(hook.repository.root), model, f"http://{hook.address}"]
    loader = subprocess.Popen(command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    try:
        wait(lambda: all(hook.ready(name) for name in names))
        assert hook.infer(model, np.zeros((1, 4)), log=False)["model_version"].tolist() == [2]
        assert loader.poll() is None
    finally:
        loader.terminate()
        assert loader.wait(5) == 0, "the first process of a container is not ended by a signal that it does not handle"


def wait(done, seconds=20):
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)
