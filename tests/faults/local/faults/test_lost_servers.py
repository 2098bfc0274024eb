"""A controller, a server or the disk that goes away in the middle of a release costs what is promised."""

from typing import Any

import pytest

from local.faults.table import FAULTS
from local.faults.world import world

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600), pytest.mark.usefixtures("airflow_connections")]


@pytest.mark.parametrize("fault", ["controller", "disk", "race", "mlflow", "triton"])
def test_what_goes_away_leaves_the_approved_version_in_place(stack: Any, fault: str) -> None:
    with world(stack.settings, fault) as broken:
        outcome = FAULTS[fault](broken)
    assert outcome.broken_promises == [], outcome
