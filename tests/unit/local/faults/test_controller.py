import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from local.faults import controller


def test_the_result_is_the_trigger_s_event(monkeypatch: pytest.MonkeyPatch) -> None:
    class Trigger:
        def __init__(self, **arguments: Any) -> None:
            self.arguments = arguments

        async def run(self) -> Any:
            yield SimpleNamespace(payload=self.arguments | {"decision": "promote"})

    monkeypatch.setattr(controller, "CanaryTrigger", Trigger)
    assert asyncio.run(controller.follow({"model": "churn"})) == {"model": "churn", "decision": "promote"}
