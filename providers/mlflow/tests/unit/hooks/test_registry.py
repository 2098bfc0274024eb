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
    hook.client.models["flight_delays.lock"].creation_timestamp -= 31_000
    with hook.lock("flight_delays"):
        pass
    assert "flight_delays.lock" not in hook.client.models


def test_who_lost_the_lock_while_it_stood_still_writes_nothing(tmp_path: Path) -> None:
    fake = FakeMlflow(tmp_path)
    fake.client.create_registered_model("flight_delays")
    other = fake.lock("flight_delays")
    with fake.lock("flight_delays") as held:
        fake.client.models["flight_delays.lock"].creation_timestamp -= 31_000
        with other, pytest.raises(PromotionInProgress, match="stood still"):
            held()
    assert "flight_delays.lock" not in fake.client.models


def test_a_fence_that_says_no_leaves_the_alias(tmp_path: Path) -> None:
    def closed() -> None:
        raise PermissionError("another one went on")

    fake = FakeMlflow(tmp_path)
    fake.client.create_registered_model("flight_delays")
    for run_id in ("a", "b"):
        fake.client.create_model_version("flight_delays", "models:/m", run_id, {}, "m")
    fake.promote("flight_delays", 1, None, "champion", lambda: None)
    with pytest.raises(PermissionError):
        fake.promote("flight_delays", 2, 1, "champion", closed)
    with pytest.raises(PermissionError):
        fake.point("flight_delays", 2, "champion", closed)
    assert fake.alias_version("flight_delays", "champion") == 1
