"""What the slow proofs share: the stack's supervisor, people, and models to break things around."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from local import groups
from local.airflow_api import AirflowApi
from local.supervisor import Supervisor
from local.users import password


@pytest.fixture(scope="session")
def engineer(stack: Any) -> AirflowApi:
    return AirflowApi(stack.settings["SHAMAL_AIRFLOW_URL"], "engineer", password(stack.settings, "engineer"))


class Faults:
    """Breaks servers of the test stack, and puts them together again."""

    def __init__(self, stack: Any) -> None:
        self.stack = stack
        self.supervisor = Supervisor(stack.settings)

    @contextmanager
    def killed(self, server: str) -> Iterator[None]:
        """Kill a server with SIGKILL and keep it away inside the block; then start the stack again."""
        processes = groups.members(self.stack.settings, server)
        for process in processes:
            process.kill()
        # The supervisor would start it again.
        self.supervisor.stop_servers([server])
        psutil.wait_procs(processes, timeout=10)
        try:
            yield
        finally:
            result = self.stack.run("up")
            assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="session")
def faults(stack: Any) -> Faults:
    return Faults(stack)
