"""Faults in the new version are stopped as promised, on the real servers, at 50 requests per second."""

from typing import Any

import pytest

from local.faults.table import FAULTS
from local.faults.world import world

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300), pytest.mark.usefixtures("airflow_connections")]


@pytest.mark.parametrize(
    ("fault", "stopped_by"),
    [
        ("load", "deploy: ModelLoadFailed"),
        ("crash", "canary: errors"),
        ("slow", "canary: slow"),
        ("nan", "canary: errors"),
        ("schema", "canary: errors"),
        ("slice", "canary: disagreed"),
    ],
)
def test_a_bad_version_is_stopped_and_nobody_notices(stack: Any, fault: str, stopped_by: str) -> None:
    with world(stack.settings, fault) as broken:
        outcome = FAULTS[fault](broken)
    assert outcome.broken_promises == [], outcome
    assert outcome.stopped_by == stopped_by
