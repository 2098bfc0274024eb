"""Asks the served model at a steady rate from the background, and counts what is not answered."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

RATE = 50.0
CLIENTS = 4
SHOWN_ERRORS = 3


@dataclass(frozen=True)
class Answer:
    """One request: when it was sent (Unix seconds), and which version answered; None when nobody did."""

    sent: float
    version: int | None


class Traffic:
    """Sends requests inside the block, one after another on a fixed timetable that a slow answer does not shift.

    :param ask: sends the n-th request and returns the version that answered; whatever it raises is a lost request.
    :param rate: requests per second.
    :param clients: threads that take turns; one that waits longer than its turn sends late, never twice.
    """

    def __init__(self, ask: Callable[[int], int], rate: float = RATE, clients: int = CLIENTS) -> None:
        self.ask, self.rate, self.clients = ask, rate, clients
        self.answers: list[Answer] = []
        self.errors: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(turn,), daemon=True) for turn in range(clients)]

    def __enter__(self) -> Traffic:
        """Start asking."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop asking; requests under way are awaited."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    @property
    def sent(self) -> int:
        """Return how many requests have an outcome."""
        return len(self.answers)

    @property
    def lost(self) -> int:
        """Return how many requests nobody answered."""
        return sum(answer.version is None for answer in self.answers)

    @property
    def by_version(self) -> dict[int, int]:
        """Return how many requests each version answered."""
        return dict(Counter(answer.version for answer in self.answers if answer.version is not None))

    def last_answer_of(self, version: int) -> float | None:
        """Return when the last request was sent that this version answered (Unix seconds); None: it answered none."""
        return max((answer.sent for answer in self.answers if answer.version == version), default=None)

    def first_answer_of(self, version: int) -> float | None:
        """Return when the first request was sent that this version answered (Unix seconds); None: it answered none."""
        return min((answer.sent for answer in self.answers if answer.version == version), default=None)

    def _send(self, turn: int) -> None:
        number = turn
        while not self._stop.wait(max(0.0, self._began + number / self.rate - time.monotonic())):
            sent = time.time()
            try:
                version: int | None = self.ask(number)
            except Exception as error:  # noqa: BLE001 - every kind of failure is a lost request
                version = None
                if len(self.errors) < SHOWN_ERRORS:
                    self.errors.append(f"{type(error).__name__}: {error}")
            self.answers.append(Answer(sent, version))
            number += self.clients
