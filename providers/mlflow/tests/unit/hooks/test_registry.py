from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow.errors import PromotionInProgress
from shamal.providers.mlflow.hooks import registry
from shamal.providers.mlflow.testing import FakeMlflow


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: Any) -> FakeMlflow:
    monkeypatch.setattr(registry, "LOCK_WAIT", 0.0)
    fake = FakeMlflow(tmp_path)
    fake.client.create_registered_model("flight_delays")
    fake.client.create_registered_model("flight_delays.lock")
    return fake


def test_a_held_lock_lets_the_task_retry(hook: FakeMlflow) -> None:
    with pytest.raises(PromotionInProgress, match=r"flight_delays\.lock"), hook.lock("flight_delays"):
        pytest.fail("two hold the lock")


def test_a_dead_tasks_lock_expires(hook: FakeMlflow, monkeypatch: Any) -> None:
    monkeypatch.setattr(registry, "LOCK_WAIT", 5.0)
    hook.client.models["flight_delays.lock"].creation_timestamp -= 121_000
    with hook.lock("flight_delays"):
        pass
    assert "flight_delays.lock" not in hook.client.models
