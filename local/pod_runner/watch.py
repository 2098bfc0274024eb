"""The stream of a watch request: what exists or changed, one JSON object a line."""

import asyncio
import json
from collections.abc import AsyncIterator

from local.pod_runner.errors import ApiError
from local.pod_runner.objects import Json
from local.pod_runner.selectors import Matcher
from local.pod_runner.store import Change, Kind, Store


async def stream(store: Store, kind: Kind, matches: Matcher, since: int, timeout: float) -> AsyncIterator[str]:
    """Yield watch events until the timeout.

    :param store: where the objects are.
    :param kind: pods or events.
    :param matches: selects the objects to follow.
    :param since: resourceVersion to go on from; 0 begins with an ADDED for everything there is.
    :param timeout: seconds.
    """
    end = asyncio.get_running_loop().time() + timeout
    if since == 0:
        since = store.version
        for item in filter(matches, store.items(kind)):
            yield _line("ADDED", item)
    while True:
        changed = store.changed
        try:
            changes = store.changes(kind, since)
        except ApiError as error:
            yield _line("ERROR", error.status)
            return
        for change in changes:
            since = change.version
            if event := _as_seen(change, matches):
                yield event
        remaining = end - asyncio.get_running_loop().time()
        if remaining <= 0:
            return
        try:
            await asyncio.wait_for(changed.wait(), remaining)
        except TimeoutError:
            return


def _as_seen(change: Change, matches: Matcher) -> str | None:
    """Return the event for a watcher with this selector: an object may also enter or leave what it selects."""
    before = change.before is not None and matches(change.before)
    after = change.after is not None and matches(change.after)
    if change.after is not None and after:
        return _line("MODIFIED" if before else "ADDED", change.after)
    if change.before is not None and before:
        return _line("DELETED", change.after or change.before)
    return None


def _line(event: str, item: Json) -> str:
    return json.dumps({"type": event, "object": item}) + "\n"
