"""Runs a canary's trigger in a process of its own, as a triggerer does: `python -m local.faults.controller`."""

import asyncio
import json
import sys
from typing import Any

from shamal.providers.triton.triggers.canary import CanaryTrigger


async def follow(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the canary's result.

    :param arguments: of the trigger.
    """
    async for event in CanaryTrigger(**arguments).run():
        result: dict[str, Any] = event.payload
        return result
    raise RuntimeError("the trigger ended without an event")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(follow(json.loads(sys.argv[1])))), flush=True)
