"""The runner's memory: pods and events on disk, and the recent changes that watchers follow."""

import asyncio
import shutil
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local.pod_runner.errors import gone, not_found
from local.pod_runner.objects import Json, read_json, write_json

Kind = Literal["pods", "events"]


@dataclass(frozen=True)
class Change:
    """One step of an object: before (None when it is new) and after (None when it is gone)."""

    version: int
    kind: Kind
    before: Json | None
    after: Json | None


class Store:
    """Objects by kind, namespace and name; each write reaches the disk before it is seen.

    :param root: the runner's folder; a pod lives in `<namespace>/<name>/` below it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changed = asyncio.Event()
        self._history: deque[Change] = deque(maxlen=2000)
        self._pods: dict[tuple[str, str], Json] = {}
        self._events: dict[tuple[str, str], list[Json]] = {}
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.version = int(read_json(root / "resource_version") or 1)
        for leftover in root.glob("*/.deleted-*"):
            shutil.rmtree(leftover)
        for file in root.glob("*/*/pod.json"):
            pod = read_json(file)
            self._pods[_key(pod)] = pod
            self._events[_key(pod)] = read_json(file.with_name("events.json")) or []
        self._oldest = self.version

    def folder(self, pod: Json) -> Path:
        """Return the folder that holds a pod's manifest, log and state."""
        namespace, name = _key(pod)
        return self.root / namespace / name

    def pod(self, namespace: str, name: str) -> Json:
        """Return one pod.

        :raises ApiError: 404 when there is none.
        """
        pod = self._pods.get((namespace, name))
        if pod is None:
            raise not_found(name)
        return pod

    def items(self, kind: Kind) -> list[Json]:
        """Return all pods or all events."""
        if kind == "pods":
            return list(self._pods.values())
        return [event for events in self._events.values() for event in events]

    def exists(self, namespace: str, name: str) -> bool:
        """Say whether there is a pod of that name."""
        return (namespace, name) in self._pods

    def put_pod(self, pod: Json) -> Json:
        """Write a new or changed pod and return it with its new resourceVersion."""
        pod = self._stamped(pod)
        folder = self.folder(pod)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_json(folder / "pod.json", pod)
        before = self._pods.get(_key(pod))
        self._pods[_key(pod)] = pod
        self._remember("pods", before, pod)
        return pod

    def remove_pod(self, pod: Json) -> None:
        """Forget a pod, its log and its events."""
        last = self._stamped(self._pods.pop(_key(pod)))
        events = self._events.pop(_key(pod), [])
        folder = self.folder(pod)
        away = folder.with_name(f".deleted-{pod['metadata']['uid']}")
        folder.rename(away)
        shutil.rmtree(away)
        self._remember("pods", last, None)
        for event in events:
            self._remember("events", self._stamped(event), None)

    def events_of(self, pod: Json) -> list[Json]:
        """Return the events of one pod, oldest first."""
        return self._events.get(_key(pod), [])

    def put_event(self, pod: Json, event: Json) -> None:
        """Write a new or changed event of a pod."""
        event = self._stamped(event)
        name = event["metadata"]["name"]
        events = self._events.get(_key(pod), [])
        before = next((known for known in events if known["metadata"]["name"] == name), None)
        updated = [known for known in events if known is not before] + [event]
        write_json(self.folder(pod) / "events.json", updated)
        self._events[_key(pod)] = updated
        self._remember("events", before, event)

    def changes(self, kind: Kind, since: int) -> list[Change]:
        """Return the changes after a resourceVersion.

        :raises ApiError: 410 when some of them are no longer remembered.
        """
        if since < self._oldest:
            raise gone(since)
        return [change for change in self._history if change.kind == kind and change.version > since]

    def _stamped(self, item: Json) -> Json:
        write_json(self.root / "resource_version", self.version + 1)
        self.version += 1
        return item | {"metadata": item["metadata"] | {"resourceVersion": str(self.version)}}

    def _remember(self, kind: Kind, before: Json | None, after: Json | None) -> None:
        if len(self._history) == self._history.maxlen:
            self._oldest = self._history[0].version
        self._history.append(Change(self.version, kind, before, after))
        self.changed.set()
        self.changed = asyncio.Event()


def _key(pod: Json) -> tuple[str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]
