"""Watches a canary from the triggerer."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from shamal.providers.triton.canary.controller import Canary
from shamal.providers.triton.hooks.triton import TritonHook

LOOK_EVERY_SECONDS = 1.0


class CanaryTrigger(BaseTrigger):
    """Look at a canary every second until it is decided; its event is the result.

    All state is in the model repository: another triggerer goes on where this one was.

    :param model: registered name.
    :param run: who asked for the canary.
    :param triton_conn_id: the server; its folders must be the triggerer's, too.
    """

    def __init__(self, model: str, run: str, triton_conn_id: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.model = model
        self.run_key = run
        self.triton_conn_id = triton_conn_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another triggerer needs to go on."""
        arguments = {"model": self.model, "run": self.run_key, "triton_conn_id": self.triton_conn_id}
        return "shamal.providers.triton.triggers.canary.CanaryTrigger", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until there is a result."""
        canary = await self._canary()
        while True:
            look = await asyncio.to_thread(canary.look, time.time())
            for line in look.lines:
                self.log.info(line)
            if look.result is not None:
                yield TriggerEvent(look.result)  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def on_kill(self) -> None:
        """Give all traffic back to the champion: a person has ended the task."""
        canary = await self._canary()
        await asyncio.to_thread(canary.withdraw)

    async def _canary(self) -> Canary:
        hook = TritonHook(self.triton_conn_id)
        hook.connection = await hook.aget_connection(self.triton_conn_id)
        return Canary(hook, self.model, self.run_key)
