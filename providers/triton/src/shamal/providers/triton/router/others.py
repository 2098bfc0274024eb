"""What versions beside the champion answer: a candidate for its share, a shadow for copies that nobody waits for.

Nothing here runs on the requests' own thread for longer than it takes to hand the work over.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from shamal.providers.triton.router.bounded_calls import BoundedCalls
from shamal.providers.triton.router.champion import Serving
from shamal.providers.triton.router.observations import Observations

# Triton's python backend has 32 threads for the calls and late answers of a process: some must stay free.
CANDIDATE_CALLS = 16
SHADOW_COPIES = 100
COMPARE_EVERY_SECONDS = 0.5
# Answers that wait for their comparison; beyond it the oldest are not compared.
COMPARISONS = 10_000


class Split:
    """A request of which other versions answer some rows.

    :param features: float32 [N, F], a copy: Triton takes a request's memory back.
    :param assigned: version by row.
    """

    def __init__(self, features: Any, assigned: list[int], serving: Serving) -> None:
        self.features, self.assigned, self.serving = features, assigned, serving
        self.rows: dict[int, list[int]] = {}
        for row, version in enumerate(assigned):
            self.rows.setdefault(version, []).append(row)
        self.versions = [version for version in self.rows if version != serving.route.champion]
        # What the versions have said so far: scores or what went wrong, and the seconds it took. No exception is kept:
        # its frames would hold memory of Triton's.
        self.answers: dict[int, tuple[Any | str, float]] = {}

    @property
    def limit(self) -> float:
        """Seconds that the other versions have."""
        return max(self.serving.others[version].candidate_timeout_ms for version in self.versions) / 1000

    def of(self, version: int) -> Any:
        """Return the features of the rows that a version was given."""
        rows = self.rows[version]
        return self.features if len(rows) == len(self.features) else self.features[rows]


class Others:
    """Asks the other versions in threads of its own and counts what they do.

    :param ask: called with version and float32 [N, F]; returns its scores.
    :param warn: called with a sentence when a version failed.
    """

    def __init__(self, ask: Callable[[int, Any], Any], observations: Observations, warn: Callable[[str], None]) -> None:
        self._ask, self._observations, self._warn = ask, observations, warn
        self._candidates = BoundedCalls("candidate", threads=CANDIDATE_CALLS, waiting=0, warn=warn)
        self._shadow = BoundedCalls("shadow", threads=1, waiting=SHADOW_COPIES, warn=warn)
        self._answered: deque[tuple[int, Split, Any]] = deque(maxlen=COMPARISONS)
        self._stop = threading.Event()
        self._comparing = threading.Thread(target=self._compare_answered, name="comparisons", daemon=True)
        self._comparing.start()

    def close(self) -> None:
        """Count what was answered last."""
        self._candidates.close()
        self._shadow.close()
        self._stop.set()
        self._comparing.join(timeout=5)

    def submit(self, split: Split, respond: Callable[[], None]) -> bool:
        """Ask the versions of a split request; False, at once, when all threads hang in calls.

        :param respond: called once, when all have answered or their time is over; then `combine` has the scores.
        """
        return self._candidates.submit(lambda: self._ask_all(split), lambda _: respond(), split.limit)

    def combine(self, split: Split) -> tuple[Any, list[int]]:
        """Return scores, float32 [N], and version by row: the champion answers where another version has not.

        :raises Exception: the champion fails too.
        """
        champion = split.serving.route.champion
        scores, versions = np.empty(len(split.assigned), np.float32), list(split.assigned)
        own = split.rows.get(champion, [])
        answers = dict(split.answers)
        for version in split.versions:
            answer, seconds = answers.get(version, ("it did not answer in time", split.limit))
            failed = isinstance(answer, str)
            self._observations.request(version, seconds, failed=failed)
            if failed:
                self._warn(f"version {version} failed, the champion answered: {answer}")
                own = own + split.rows[version]
            else:
                scores[split.rows[version]] = answer
                self._answered.append((version, split, answer))
        if own:
            start = time.perf_counter()
            scores[own] = split.serving.scores(split.features[own])
            if champion in split.rows:
                self._observations.request(champion, time.perf_counter() - start)
        for row in own:
            versions[row] = champion
        return scores, versions

    def copy(self, shadow: int, features: Any, champions: Any, serving: Serving) -> None:
        """Ask the shadow; a copy that finds the queue full is counted and dropped.

        :param features: float32 [N, F], of which the caller gives up the ownership.
        :param champions: the champion's scores, float32 [N].
        """
        split = Split(features, [shadow] * len(features), serving)

        def count(took: float) -> None:
            answer, seconds = split.answers.get(shadow, ("it did not answer in time", took))
            failed = isinstance(answer, str)
            self._observations.request(shadow, seconds, shadow=True, failed=failed)
            if not failed:
                self._compare(shadow, answer, champions, serving, shadow=True)

        if not self._shadow.submit(lambda: self._ask_all(split), count, split.limit):
            self._observations.dropped(shadow)

    def _ask_all(self, split: Split) -> None:
        for version in split.versions:
            start = time.perf_counter()
            try:
                answer = self._checked(version, split.of(version), split.serving.others[version].max_batch_rows)
            except Exception as error:  # noqa: BLE001 - whatever it is, the champion answers
                answer = str(error)
            split.answers[version] = (answer, time.perf_counter() - start)

    def _checked(self, version: int, features: Any, most_rows: int) -> Any:
        size = most_rows or len(features)
        parts = [self._ask(version, features[start : start + size]) for start in range(0, len(features), size)]
        scores = np.concatenate([part.reshape(-1) for part in parts])
        if scores.shape != (len(features),) or not np.isfinite(scores).all():
            raise ValueError(
                f"{len(features)} rows got {len(scores)} scores, {np.isfinite(scores).sum()} of them finite"
            )
        return scores

    def _compare_answered(self) -> None:
        """Compare what was answered since the last time in one run of the champion, which costs it little."""
        last = False
        while not last:
            last = self._stop.wait(COMPARE_EVERY_SECONDS)
            pending: dict[tuple[int, int], list[tuple[int, Split, Any]]] = {}
            for _ in range(len(self._answered)):
                version, split, scores = self._answered.popleft()
                pending.setdefault((version, id(split.serving)), []).append((version, split, scores))
            for group in pending.values():
                version, serving = group[0][0], group[0][1].serving
                try:
                    champions = serving.scores(np.concatenate([split.of(version) for _, split, _ in group]))
                except Exception as error:  # noqa: BLE001 - onnxruntime has no common base class; the thread must go on
                    self._warn(f"the champion could not be compared with version {version}: {error}")
                    continue
                self._compare(version, np.concatenate([scores for _, _, scores in group]), champions, serving)

    def _compare(self, version: int, scores: Any, champions: Any, serving: Serving, *, shadow: bool = False) -> None:
        disagreed = ~(np.abs(scores - champions) <= serving.route.disagreement)
        self._observations.comparison(version, len(scores), int(disagreed.sum()), shadow=shadow)
