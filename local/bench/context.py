"""What every measurement gets: the settings of the user's stack, and the test stack for what needs servers."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Self

import requests

from local.airflow_api import AirflowApi
from local.bench.result import CannotMeasure
from local.settings import HOME, Settings, load, process_environment
from local.supervisor import Supervisor
from local.users import password

ENVIRONMENT = "test"


class BenchStack:
    """The test stack: started by the first measurement that needs it, stopped at the end if it did not run before.

    Only the test stack serves the DAGs of `tests/bundle`, and the user's own stack is never touched.
    """

    def __init__(self) -> None:
        self.settings = load(ENVIRONMENT)
        self._found_running = Supervisor(self.settings).pid() is not None
        self._started = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._started and not self._found_running:
            self._local("down")

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a process that belongs to the test stack."""
        return process_environment(self.settings) | {"SHAMAL_ENV": ENVIRONMENT}

    def up(self) -> None:
        """Start whatever of the stack does not run.

        :raises CannotMeasure: a server did not become ready.
        """
        self._started = True
        self._local("up")

    def api(self, user: str = "engineer") -> AirflowApi:
        """Return Airflow as a user sees it; the first call starts the stack."""
        if not self._started:
            self.up()
        return AirflowApi(self.settings["SHAMAL_AIRFLOW_URL"], user, password(self.settings, user))

    def _local(self, command: str) -> None:
        result = subprocess.run(
            [sys.executable, "-m", "local", command],
            cwd=HOME,
            env=os.environ | {"SHAMAL_ENV": ENVIRONMENT},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise CannotMeasure(f"`SHAMAL_ENV={ENVIRONMENT} python -m local {command}` failed: {result.stderr.strip()}")


@dataclass(frozen=True)
class Bench:
    """What every measurement gets.

    :param settings: of the user's stack; only its files are read.
    :param stack: the test stack.
    :param model: the model whose four DAGs the orchestration tax is about.
    """

    settings: Settings
    stack: BenchStack
    model: str


def wait_for_dag(api: AirflowApi, dag_id: str, seconds: float = 120) -> None:
    """Return once Airflow has read the DAG's file.

    :raises CannotMeasure: it has not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            api.call("GET", f"/dags/{dag_id}")
        except requests.HTTPError as error:
            if error.response.status_code != requests.codes.not_found:
                raise
            time.sleep(0.5)
        else:
            return
    raise CannotMeasure(
        f"the test stack does not know the DAG {dag_id}; if it was started before local/env.test named its bundle, "
        f"stop it: SHAMAL_ENV={ENVIRONMENT} python -m local down"
    )
