"""Features past their TTL answer nobody, on the real Triton."""

from typing import Any

import pytest

from local.faults.table import FAULTS
from local.faults.world import world

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120), pytest.mark.usefixtures("airflow_connections")]


def test_features_past_their_ttl_answer_nobody(stack: Any) -> None:
    with world(stack.settings, "stale") as broken:
        outcome = FAULTS["stale"](broken)
    assert outcome.broken_promises == [], outcome
    assert outcome.detected < 2
