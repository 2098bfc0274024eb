"""A poisoned model that every gate let through is stopped by its canary, through the real Airflow."""

from typing import Any

import pytest

from local.airflow_api import AirflowApi
from local.demo import poisoned
from local.demo.display import Display
from local.demo.story import Story
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_a_poisoned_version_is_stopped_within_seconds_and_nothing_is_lost(
    life: dict[str, Any], stack: Any, engineer: AirflowApi, airflow_connections: Any
) -> None:
    mlflow = MlflowRegistryHook()
    version = poisoned.poison(mlflow)
    found = poisoned.stopped(Story(stack.settings, Display()), version)
    assert found["reason"].startswith("disagreed")
    assert found["restored_seconds"] < 30
    assert (found["lost"], found["requests"] > 300) == (0, True)
    assert mlflow.alias_version("flight_delays", "champion") == life["release"]["champion"]
    run = engineer.run("flight_delays_release", found["run_id"])
    assert run["state"] == "failed", "a release that was taken back is a failed run"
