"""What was decided about a model's champion: the journal of finished changes, and the intent of the one under way.

<repository>/<model>/releases.jsonl         a line per finished promotion, rollback or repair; it only ever grows
<beside it>/.intents-<repository>/<model>.json   the change under way (a model's first one comes before its folder)

An intent is written before a change has any effect and taken away after the journal's line. Whoever finds one that
nobody works on any more can tell by it, and by the route, how far the change came.
"""

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from shamal.providers.triton.errors import InvalidDeployment, ReleaseOvertaken, ReleaseUnderWay
from shamal.providers.triton.repository import ModelRepository, replace_file, version_model
from shamal.providers.triton.router.route import Route

STALE_SECONDS = 30.0
"""Age from which an intent counts as left behind; a change that goes well takes less than two seconds."""

Action = Literal["promote", "rollback"]


@dataclass(frozen=True)
class Intent:
    """A change of the champion that has begun.

    :param origin: the champion before; None for the first one.
    :param target: the champion after.
    :param generation: of the route that the change is made from, 0 for none. The change writes the next one.
    :param time: Unix seconds.
    :param token: of this attempt; who finds another one in the file has been overtaken.
    """

    action: Action
    origin: int | None
    target: int
    by: str
    reason: str
    generation: int
    time: float
    token: str

    def __str__(self) -> str:
        noun = "promotion" if self.action == "promote" else "rollback"
        return f"{noun} to version {self.target} by {self.by}"

    def switched(self, route: Route | None) -> bool:
        """Return whether the route is the one that this change makes, or follows from it."""
        return route is not None and route.champion == self.target and route.generation > self.generation

    @property
    def stale(self) -> bool:
        """Whether nobody works on it any more, as far as one can tell."""
        return not 0 <= time.time() - self.time < STALE_SECONDS


@dataclass(frozen=True)
class Releases:
    """Journal and intent of one model.

    :param repository: the server's model repository.
    :param model: registered name.
    """

    repository: ModelRepository
    model: str

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self.repository.root / self.model / "releases.jsonl"

    @property
    def _intent(self) -> Path:
        root = self.repository.root
        return root.parent / f".intents-{root.name}" / f"{self.model}.json"

    def journal(self) -> list[dict[str, Any]]:
        """Return the finished changes, oldest first: time, action, from, to, by, reason, generation."""
        if not self.path.exists():
            return []
        # A line without its end was being written when the machine stopped: that change still has its intent.
        return [json.loads(line) for line in self.path.read_text().splitlines(keepends=True) if line[-1] == "\n"]

    def committed(self) -> Route | None:
        """Return the route that the last finished promotion or rollback left; None before the first."""
        for entry in reversed(self.journal()):
            champion, left, generation = entry["to"], entry["from"], entry["generation"]
            if entry["action"] == "promote":
                return Route(champion, left, {champion: 1.0}, generation=generation)
            if entry["action"] == "rollback":
                return Route(champion, None, {champion: 1.0}, rolled_back=left, generation=generation)
        return None

    def intent(self) -> Intent | None:
        """Return the change that has begun and is not finished."""
        try:
            return Intent(**json.loads(self._intent.read_text()))
        except FileNotFoundError:
            return None

    def begin(self, action: Action, route: Route | None, target: int, by: str, reason: str) -> Intent:
        """Write the intent of a change made from `route`; a second attempt of the same change goes on with the first.

        A rollback takes the place of whatever is under way.

        :raises ReleaseUnderWay: another change began less than 30 s ago, or was left behind and is not repaired yet.
        """
        version_model(self.model, target)
        with self._alone():
            found = self.intent()
            fresh = Intent(
                action=action,
                origin=route.champion if route else None,
                target=target,
                by=by,
                reason=reason,
                generation=route.generation if route else 0,
                time=time.time(),
                token=uuid.uuid4().hex,
            )
            if found:
                same = (found.action, found.target, found.by, found.reason) == (action, target, by, reason)
                if not same and action != "rollback":
                    raise ReleaseUnderWay(
                        f"{self.model}: the {found} began {time.time() - found.time:.0f} s ago; try again when it is "
                        f"done. Left behind for more than {STALE_SECONDS:g} s it is finished by `traffic.settle`"
                    )
                if same and found.switched(route):
                    fresh = replace(found, time=fresh.time, token=fresh.token)
            self._intent.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._intent, json.dumps(asdict(fresh)))
        return fresh

    def require(self, intent: Intent) -> None:
        """Refuse to go on when somebody else has taken over or finished this change.

        :raises ReleaseOvertaken: in that case.
        """
        found = self.intent()
        if found is None or found.token != intent.token:
            raise ReleaseOvertaken(
                f"{self.model}: the {intent} was taken over; under way is {f'the {found}' if found else 'nothing'}. "
                f"Nothing more was changed; the journal {self.path} says how it ended"
            )

    def take_over(self, intent: Intent) -> Intent:
        """Make a change that was left behind this caller's own, so that its former owner is refused from now on.

        :raises ReleaseOvertaken: somebody else was faster.
        """
        with self._alone():
            self.require(intent)
            mine = replace(intent, time=time.time(), token=uuid.uuid4().hex)
            replace_file(self._intent, json.dumps(asdict(mine)))
        return mine

    def finish(self, intent: Intent) -> dict[str, Any]:
        """Write the change into the journal, once, take its intent away, and return the journal's line.

        :raises ReleaseOvertaken: somebody else took over.
        """
        generation = intent.generation + 1
        with self._alone():
            written = [
                entry
                for entry in self.journal()
                if entry["action"] == intent.action and entry["generation"] == generation
            ]
            if not written:
                self.require(intent)
                change = (intent.action, intent.origin, intent.target, intent.by, intent.reason)
                written = [self._append(*change, generation=generation)]
            self._forget(intent)
        return written[-1]

    def drop(self, intent: Intent) -> None:
        """Take the intent of a change that had no effect, or none any more, away.

        :raises ReleaseOvertaken: somebody else took over.
        """
        with self._alone():
            self.require(intent)
            self._forget(intent)

    def adopt(self, route: Route) -> Route:
        """Begin the journal of a model that was served before there was one."""
        with self._alone():
            reason = "was served before the journal began"
            self._append("promote", route.previous, route.champion, "unknown", reason, generation=route.generation)
        return route

    def repaired(self, origin: int | None, target: int, by: str, reason: str, generation: int) -> dict[str, Any]:
        """Write a repair into the journal; it says nothing new about who should be champion."""
        with self._alone():
            return self._append("repair", origin, target, by, reason, generation=generation)

    def restore(self) -> tuple[Route | str | None, Route] | None:
        """Put the committed route back where router.json names another champion or predecessor; None when not needed.

        Nothing is done while a change is under way. Shares of a candidate are not looked at: they lapse by themselves.

        :return: what was found (a route, the error of a broken file, None for no file) and the route put back.
        :raises VersionNotDeployed: the committed champion has no folder any more.
        """
        with self._alone(), self.repository.locked(self.model):
            committed = self.committed()
            if committed is None or self.intent():
                return None
            found: Route | str | None
            try:
                found = self.repository.route(self.model)
            except InvalidDeployment as error:
                found = str(error)
            if isinstance(found, Route) and (found.champion, found.previous) == (
                committed.champion,
                committed.previous,
            ):
                return None
            self.repository.version_folder(self.model, committed.champion)
            # Nobody knows which generations were written before the file was changed by hand: seconds are above all.
            known = found.generation if isinstance(found, Route) else committed.generation
            route = replace(committed, generation=max(known, committed.generation, int(time.time())) + 1)
            replace_file(self.repository.root / self.model / "router.json", route.to_json())
        return found, route

    def _forget(self, intent: Intent) -> None:
        found = self.intent()
        if found and found.token == intent.token:
            self._intent.unlink()

    def _append(
        self, action: str, origin: int | None, target: int, by: str, reason: str, *, generation: int
    ) -> dict[str, Any]:
        entry = {
            "time": round(time.time(), 3),
            "action": action,
            "from": origin,
            "to": target,
            "by": by,
            "reason": reason,
            "generation": generation,
        }
        with self.path.open("a+b") as file:
            _cut_unfinished_line(file)
            file.write(json.dumps(entry).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return entry

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.repository.locked(f"{self.model}.release"):
            yield


def models(repository: ModelRepository) -> list[str]:
    """Return every model that is served, was served and still has a version here, or is being promoted."""
    routed = {path.parent.name for path in repository.root.glob("*/router.json")}
    recorded = {path.parent.name for path in repository.root.glob("*/releases.jsonl")}
    begun = {path.stem for path in repository.root.parent.glob(f".intents-{repository.root.name}/*.json")}
    return sorted(routed | begun | {model for model in recorded if repository.versions(model)})


def _cut_unfinished_line(file: Any) -> None:
    """Take the part of a line away that a stopped machine left at the end of the journal."""
    file.seek(0)
    whole = file.read()
    file.truncate(whole.rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)
