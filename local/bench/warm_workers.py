"""What the preload of heavy libraries saves (plugins/warm_workers.py)."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from local import groups
from local.bench.context import Bench, BenchStack, wait_for_dag
from local.bench.empty_tasks import makespan, warm_up
from local.bench.result import CannotMeasure, Value
from local.server import NotReadyError
from local.servers import BY_NAME
from local.settings import HOME
from local.supervisor import Supervisor

DAG = "bench_imports"
SCHEDULER = "scheduler"


def measure(bench: Bench) -> list[Value]:
    """Return the makespans of four tasks that import Great Expectations, Feast, MLflow and Evidently, and their ratio.

    The tasks are independent, as many at once as the stack allows. Warm: on the stack's own scheduler. Cold: on one
    started with SHAMAL_WARM_WORKERS=false. Each after a run of empty tasks, so that the workers are forked already.
    """
    api = bench.stack.api()
    wait_for_dag(api, DAG)
    warm_up(api)
    warm = makespan(api, DAG)
    with cold_scheduler(bench.stack):
        warm_up(api)
        cold = makespan(api, DAG)
    return [
        Value("four heavy imports, warm workers", warm, "s"),
        Value("four heavy imports, cold workers", cold, "s"),
        Value("heavy imports, cold / warm", cold / warm, "x"),
    ]


@contextmanager
def cold_scheduler(stack: BenchStack) -> Iterator[None]:
    """Let a scheduler without preload take the place of the stack's own inside the block."""
    Supervisor(stack.settings).stop_servers([SCHEDULER])
    process = subprocess.Popen(
        [sys.executable, "-m", "local.bench.cold_scheduler"],
        cwd=HOME,
        env=stack.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_ready(stack, process)
        yield
    finally:
        groups.kill_leftovers(stack.settings, SCHEDULER)
        process.wait()
        stack.up()


def _wait_until_ready(stack: BenchStack, process: "subprocess.Popen[bytes]", seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            BY_NAME[SCHEDULER].ready(stack.settings)
        except NotReadyError:
            time.sleep(0.5)
        else:
            return
    raise CannotMeasure(f"the scheduler without preload was not ready within {seconds:.0f} s")
