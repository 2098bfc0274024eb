"""Changes made by hand on the real Triton, the real MLflow and the model repository are found and repaired."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from include.model_spec import PROJECT
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.triton.hooks.triton import TritonHook
from tests.released_model import ReleasedModel, all_say
from tests.support import until

pytestmark = pytest.mark.integration


@pytest.fixture
def model(airflow_connections: Any, tmp_path: Path) -> Iterator[ReleasedModel]:
    """Return a model whose champion is version 2."""
    model = ReleasedModel(TritonHook(), MlflowRegistryHook(), tmp_path)
    try:
        model.candidates(1, 2, 3)
        model.promote(1, None)
        model.promote(2, 1)
        yield model
    finally:
        model.remove()


def move_alias(model: ReleasedModel) -> None:
    model.mlflow.get_conn().set_registered_model_alias(model.name, "champion", "3")


def edit_route(model: ReleasedModel) -> None:
    path = model.triton.repository.root / model.name / "router.json"
    path.write_text('{"champion": 3, "previous": 2, "weights": {"3": 1.0}}')


def unload_router(model: ReleasedModel) -> None:
    url = f"http://{model.triton.address}/v2/repository/models/{model.name}/unload"
    requests.post(url, timeout=10).raise_for_status()
    until("unloaded", lambda: not model.triton.ready(model.name), 10)


BY_HAND = [move_alias, edit_route, unload_router]


@pytest.mark.parametrize("change", BY_HAND, ids=lambda change: change.__name__)
def test_a_change_by_hand_is_found_repaired_and_written_down(
    model: ReleasedModel, change: Callable[[ReleasedModel], None]
) -> None:
    change(model)
    model.reconcile()  # or the stack's own reconciler, if it was faster
    until("repaired", lambda: model.triton.ready(model.name) and model.champions() == all_say(2), 10)
    assert [entry["action"] for entry in model.releases.journal()] == ["promote", "promote", "repair"]
    assert model.reconcile() == []


@pytest.mark.e2e
def test_the_stacks_reconciler_repairs_within_a_minute(model: ReleasedModel) -> None:
    for change in BY_HAND:
        change(model)
    until("repaired", lambda: model.triton.ready(model.name) and model.champions() == all_say(2), 60)
    assert {entry["by"] for entry in model.releases.journal()[2:]} == {"reconciler"}


def test_one_command_rolls_back_and_the_reconciler_pays_the_alias(stack: Any, model: ReleasedModel) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local.rollback", model.name, "--reason", "it is bad"],
        cwd=PROJECT,
        # No secrets backend, no API server: nothing of Airflow's is asked.
        env={"PATH": os.environ["PATH"], "SHAMAL_ENV": stack.environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert f"{model.name}: version 1 answers, version 2 does not any more" in done.stdout
    assert model.champions()["router"] == 1
    model.reconcile()
    assert model.champions() == all_say(1)
    assert model.releases.journal()[2]["reason"] == "it is bad"
