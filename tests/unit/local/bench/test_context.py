from typing import Any

import pytest
import requests

from local.bench import context
from local.bench.context import BenchStack, wait_for_dag
from local.bench.result import CannotMeasure


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    commands: list[str] = []
    monkeypatch.setattr(BenchStack, "_local", lambda stack, command: commands.append(command))
    return commands


def found_running(monkeypatch: pytest.MonkeyPatch, pid: int | None) -> None:
    monkeypatch.setattr(context.Supervisor, "pid", lambda _: pid)


def test_a_stack_that_was_started_here_is_stopped(monkeypatch: pytest.MonkeyPatch, commands: list[str]) -> None:
    found_running(monkeypatch, None)
    with BenchStack() as stack:
        stack.up()
    assert commands == ["up", "down"]


def test_a_stack_that_ran_before_runs_on(monkeypatch: pytest.MonkeyPatch, commands: list[str]) -> None:
    found_running(monkeypatch, 4711)
    with BenchStack() as stack:
        stack.up()
    assert commands == ["up"]


def test_nothing_is_started_for_measurements_without_servers(
    monkeypatch: pytest.MonkeyPatch, commands: list[str]
) -> None:
    found_running(monkeypatch, None)
    with BenchStack() as stack:
        assert stack.environment["SHAMAL_ENV"] == "test"
    assert commands == []


def test_the_test_stack_serves_the_bench_dags_beside_the_projects_own() -> None:
    settings = BenchStack().settings
    bundles = settings["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"]
    assert '"name": "dags-folder"' in bundles
    assert f"{settings['SHAMAL_HOME']}/tests/bundle" in bundles


class Airflow:
    def __init__(self, status: int) -> None:
        self.status = status

    def call(self, _method: str, _path: str) -> Any:
        response = requests.Response()
        response.status_code = self.status
        response.raise_for_status()


def test_a_dag_that_airflow_knows_needs_no_waiting() -> None:
    wait_for_dag(Airflow(200), "bench_imports", seconds=1)  # type: ignore[arg-type]


def test_a_dag_that_never_comes_is_named() -> None:
    with pytest.raises(CannotMeasure, match="bench_imports"):
        wait_for_dag(Airflow(404), "bench_imports", seconds=0.1)  # type: ignore[arg-type]


def test_another_error_of_airflow_is_not_taken_for_a_missing_dag() -> None:
    with pytest.raises(requests.HTTPError):
        wait_for_dag(Airflow(500), "bench_imports", seconds=1)  # type: ignore[arg-type]
