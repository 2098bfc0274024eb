"""Runs a canary, one look at a time: renews the candidate's share, counts, decides, and takes the share away.

Everything it knows is in canary.json before and after each look, so any process may make the next one: another
triggerer, or a retry of the task. When none does, the share expires and the champion answers alone.
"""

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shamal.providers.triton.canary import checks, labels, observations
from shamal.providers.triton.canary.checks import Check
from shamal.providers.triton.canary.observations import Counts
from shamal.providers.triton.canary.plan import Plan, Step
from shamal.providers.triton.canary.state import Decision, State, load
from shamal.providers.triton.errors import RouteChanged
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.router.route import Route

# The router serves the champion alone so many seconds after the last renewal at most.
SHARE_SECONDS = 20.0
TELL_EVERY_SECONDS = 5.0
LABELS_EVERY_SECONDS = 10.0


@dataclass(frozen=True)
class Look:
    """What one look brought.

    :param lines: for the log.
    :param result: of the canary; None while it runs.
    """

    lines: list[str]
    result: dict[str, Any] | None = None


@dataclass(frozen=True)
class Canary:
    """One canary of one model.

    :param hook: the server; only its folders are used.
    :param model: registered name.
    :param run: who asks for it; a state that somebody else left is not gone on with.
    """

    hook: TritonHook
    model: str
    run: str

    @property
    def path(self) -> Path:
        """The state file."""
        return self.hook.repository.root / self.model / "canary.json"

    def begin(self, version: int, route: Route, plan: Plan, now: float) -> bool:
        """Start, or find that this run had started already; return whether it goes on.

        :param route: the one in force.
        :param now: Unix seconds.
        """
        with self._locked():
            known = load(self.path)
            if known is not None and (known.run, known.version, known.plan) == (self.run, version, plan):
                return True
            position = observations.end(self._observations)
            State(self.run, version, route.champion, plan, begun=now, seen=now, position=position).save(self.path)
            return False

    def look(self, now: float) -> Look:
        """Count what happened since the last look, decide, and renew the share or take it away.

        :param now: Unix seconds.
        """
        with self._locked():
            state = load(self.path)
            if state is None or state.run != self.run:
                return Look([], _gone(self.path))
            if state.decision is None:
                lines = self._advance(state, now)
                state.save(self.path)
            else:
                lines = []
            return Look(lines, _result(state) if state.decision else None)

    def withdraw(self) -> None:
        """Give all traffic to the champion and forget the canary: somebody has ended the task."""
        with self._locked():
            state = load(self.path)
            if state is None or state.run != self.run:
                return
            self._take_share(state)
            self.path.unlink()

    def forget(self) -> None:
        """Remove the state: the task has taken the decision over."""
        with self._locked():
            state = load(self.path)
            if state is not None and state.run == self.run:
                self.path.unlink()

    def _advance(self, state: State, now: float) -> list[str]:
        route = self.hook.repository.route(self.model)
        if route is None or route.champion != state.champion:
            now_serving = route and route.champion
            return self._decide(state, "stopped", f"the champion was {state.champion} and now is {now_serving}")
        self._count(state, route, now)
        step = state.plan.steps[state.step]
        results = [*checks.of_traffic(state.plan, state.candidate, state.baseline), *state.labels]
        line = _line(self.model, state, step, results)
        broken = [check for check in results if check.verdict == "broken"]
        if broken:
            # Before anything else: until this is written the candidate still answers.
            self._take_share(state)
            _close_step(state, step, results)
            return [line, *self._decide(state, "rollback", f"{'; '.join(map(str, broken))}; in {_named(step)}")]
        if state.granted and not _has_traffic(route, state.version):
            return [line, *self._decide(state, "stopped", "somebody else took the candidate's share away")]
        lines = self._walk(state, step, results, line, now)
        if state.decision == "undecided":
            self._take_share(state)
        elif state.decision is None:
            self._renew(state, route, now)
        return lines

    def _walk(self, state: State, step: Step, results: list[Check], line: str, now: float) -> list[str]:
        """Go to the next step when this one is passed, decide when there is none or when the hold is over."""
        plan, counts = state.plan, state.candidate
        enough = counts.requests >= plan.limits.min_requests
        unproven = [check for check in results if check.verdict == "open" and check not in state.labels]
        hold_over = state.elapsed >= step.seconds + plan.hold_seconds
        passed = enough and not unproven
        if state.elapsed >= step.seconds and (passed or (enough and hold_over and plan.unsure == "promote")):
            note = "" if passed else f" unproven after the hold: {'; '.join(map(str, unproven))}"
            _close_step(state, step, results)
            lines = [line, f"{self.model} v{state.version} passed {_named(step)}{note}"]
            if len(state.steps) == len(plan.steps):
                reason = f"passed {len(plan.steps)} step(s){note}"
                return lines + self._decide(state, "promote", reason)
            state.step, state.elapsed, state.told = state.step + 1, 0.0, now
            state.candidate, state.baseline = Counts(), Counts()
            return lines
        if hold_over:
            _close_step(state, step, results)
            if not enough:
                few = f"{counts.requests} request(s) in {state.elapsed:.0f} s of {_named(step)}"
                needed = f"{plan.limits.min_requests} are needed"
                return [line, *self._decide(state, "undecided", f"{few}, {needed}")]
            return [line, *self._decide(state, "undecided", f"not proven: {'; '.join(map(str, unproven))}")]
        if now - state.told >= TELL_EVERY_SECONDS:
            state.told = now
            return [line]
        return []

    def _count(self, state: State, route: Route, now: float) -> None:
        """Add what the router and the labels say since the last look."""
        limits = state.plan.limits
        lines, state.position = observations.read(self._observations, state.position)
        for line in lines:
            if line["version"] == state.version:
                state.candidate.add(line, limits.slow_ms)
            elif line["version"] == state.champion:
                state.baseline.add(line, limits.slow_ms)
        if state.granted and route.expires is not None:
            # Once the share has expired, time is no test.
            state.elapsed += max(0.0, min(now, route.expires) - state.seen)
        state.seen = now
        if limits.labelled and now >= state.labels_due:
            start = time.monotonic()
            losses = labels.read(self.hook.prediction_log / self.model, state.begun, state.version, limits)
            state.labels = checks.of_labels(state.plan, state.version, state.champion, losses)
            # However long the log grows, reading it takes a tenth of the time.
            state.labels_due = now + max(LABELS_EVERY_SECONDS, 10 * (time.monotonic() - start))

    def _renew(self, state: State, route: Route, now: float) -> None:
        """Write the step's share when it is not in force or nears its expiry."""
        step = state.plan.steps[state.step]
        wanted = replace(
            route,
            weights=_weights(state, step),
            shadow=None if step.share else state.version,
            arms={state.champion: "champion", state.version: "candidate"},
            disagreement=state.plan.limits.disagreement,
            expires=route.expires,
        )
        fresh = now + SHARE_SECONDS / 2 < (route.expires or 0.0) <= now + SHARE_SECONDS
        if wanted == route and fresh:
            state.granted = True
            return
        try:
            self._write(route, replace(wanted, expires=now + SHARE_SECONDS))
        except RouteChanged:
            # Somebody wrote the route in this moment; the next look says what that means.
            return
        state.granted = True
        if not _has_traffic(route, state.version):
            # A server that crashes now must load the candidate again, or its requests would count as errors.
            self.hook.repository.approve()

    def _take_share(self, state: State) -> None:
        """Give all traffic to the champion, unless somebody has moved the traffic already."""
        while True:
            route = self.hook.repository.route(self.model)
            if route is None or route.champion != state.champion or not _has_traffic(route, state.version):
                return
            alone = replace(route, weights={route.champion: 1.0}, shadow=None, arms={}, expires=None)
            try:
                self._write(route, alone)
            except RouteChanged:
                continue
            # The server need not load the candidate at its next start.
            self.hook.repository.approve()
            return

    def _write(self, before: Route, after: Route) -> None:
        hook = self.hook
        hook.repository.write_route(self.model, before, after, hook.prediction_log, hook.prediction_log_seconds)

    def _decide(self, state: State, decision: Decision, reason: str) -> list[str]:
        state.decision, state.reason = decision, reason
        return [f"{self.model} v{state.version} {decision}: {reason}"]

    @property
    def _observations(self) -> Path:
        return self.hook.prediction_log / self.model / "observations.ndjson"

    def _locked(self) -> AbstractContextManager[None]:
        """One look at a time, also when a triggerer that stood still wakes up beside its successor."""
        return self.hook.repository.locked(f"{self.model}.canary")


def _weights(state: State, step: Step) -> dict[int, float]:
    if not step.share:
        return {state.champion: 1.0}
    return {state.champion: 1.0 - step.share, state.version: step.share}


def _has_traffic(route: Route, version: int) -> bool:
    return version in route.weights or route.shadow == version


def _named(step: Step) -> str:
    return f"the step of {step.share:.0%}" if step.share else "the shadow step"


def _close_step(state: State, step: Step, results: list[Check]) -> None:
    state.steps.append(
        {
            "share": step.share,
            "seconds": round(state.elapsed, 1),
            "candidate": state.candidate.to_dict(),
            "champion_requests": state.baseline.requests,
            "checks": [check.to_dict() for check in results],
        }
    )


def _line(model: str, state: State, step: Step, results: list[Check]) -> str:
    cells = [
        f"{model} v{state.version}",
        f"step {state.step + 1}/{len(state.plan.steps)}",
        f"{step.share:.0%}" if step.share else "shadow",
        f"{state.elapsed:.0f} of {step.seconds:.0f} s",
        f"{state.candidate.requests} requests (champion {state.baseline.requests})",
        *map(str, results),
    ]
    return " | ".join(cells)


def _result(state: State) -> dict[str, Any]:
    return {
        "decision": state.decision,
        "reason": state.reason,
        "version": state.version,
        "champion": state.champion,
        "seconds": round(state.seen - state.begun, 1),
        "steps": state.steps,
    }


def _gone(path: Path) -> dict[str, Any]:
    reason = f"{path.name} of this run is gone: another canary of the model has begun, or somebody removed it"
    return {"decision": "stopped", "reason": reason, "version": None, "champion": None, "seconds": 0.0, "steps": []}
