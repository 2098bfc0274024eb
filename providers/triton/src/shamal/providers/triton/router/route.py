"""Who answers: the content of `router.json` and the rule that no candidate outlives its controller."""

import json
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from typing import Any

# A share for a candidate must be renewed: past its expiry, or with one further ahead than this, it is void.
LONGEST_SHARE_SECONDS = 30.0


@dataclass(frozen=True)
class Route:
    """One state of a model's traffic.

    :param champion: the version that answers.
    :param previous: the version before it, where a rollback goes; None when there is none.
    :param weights: share of the requests per version; sums to 1.
    :param expires: Unix seconds (UTC) until which `weights` count; None: the champion answers alone.
    :param rolled_back: the version that the last rollback took out of service; None after the next route.
    :param shadow: version that is sent a copy of the requests while `expires` is ahead; its answers are compared only.
    :param arms: names of the versions in an experiment or canary, for the prediction log.
    :param generation: grows by one with each write, so that a writer who read an older one is refused.
    :param disagreement: a candidate's score further than this from the champion's counts as a disagreement.
    """

    champion: int
    previous: int | None = None
    weights: dict[int, float] = field(default_factory=dict)
    expires: float | None = None
    rolled_back: int | None = None
    shadow: int | None = None
    arms: dict[int, str] = field(default_factory=dict)
    generation: int = 0
    disagreement: float = 0.1

    @property
    def versions(self) -> list[int]:
        """Every version that must be loaded for this route, smallest first."""
        return sorted({self.champion, *self.weights} | {other for other in (self.previous, self.shadow) if other})

    def shares(self, now: float) -> dict[int, float]:
        """Return the shares that count at `now` (Unix seconds): the champion alone unless freshly renewed."""
        return self.weights if self._fresh(now) else {self.champion: 1.0}

    def shadowed(self, now: float) -> int | None:
        """Return the version that gets copies at `now` (Unix seconds); None unless freshly renewed."""
        return self.shadow if self._fresh(now) else None

    def _fresh(self, now: float) -> bool:
        return self.expires is not None and now < self.expires <= now + LONGEST_SHARE_SECONDS

    def to_json(self) -> str:
        """Return the text of `router.json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Route":
        """Return the route in `text`.

        :raises ValueError: what in it is wrong.
        """
        data = json.loads(text)
        if not isinstance(data, dict):
            raise ValueError("router.json is not a JSON object")  # noqa: TRY004 - one type for every bad file
        weights, arms = _mapping(data, "weights"), _mapping(data, "arms")
        try:
            shares = {int(version): float(share) for version, share in weights.items()}
            names = {int(version): str(name) for version, name in arms.items()}
        except (TypeError, ValueError) as error:
            raise ValueError(f"weights {weights!r} are not shares and arms {arms!r} not names of versions") from error
        champion = _version(data, "champion")
        if champion is None:
            raise ValueError("champion is missing")
        if not all(0.0 <= share <= 1.0 for share in shares.values()) or abs(sum(shares.values()) - 1.0) > 1e-6:
            raise ValueError(f"weights {weights!r} are not shares that sum to 1")
        expires = data.get("expires")
        if expires is not None and (isinstance(expires, bool) or not isinstance(expires, int | float)):
            raise ValueError(f"expires {expires!r} is neither null nor Unix seconds")
        generation = data.get("generation", 0)
        if isinstance(generation, bool) or not isinstance(generation, int) or generation < 0:
            raise ValueError(f"generation {generation!r} is not a count")
        disagreement = data.get("disagreement", cls.disagreement)
        if isinstance(disagreement, bool) or not isinstance(disagreement, int | float) or not 0 < disagreement < inf:
            raise ValueError(f"disagreement {disagreement!r} is not a distance above 0")
        return cls(
            champion,
            _version(data, "previous"),
            shares,
            expires,
            _version(data, "rolled_back"),
            _version(data, "shadow"),
            names,
            generation,
            float(disagreement),
        )


def read(path: Path) -> Route:
    """Return the route in the file.

    :raises OSError: it cannot be read.
    :raises ValueError: it is not a valid route.
    """
    return Route.from_json(path.read_text())


def _mapping(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _version(data: dict[str, Any], key: str) -> int | None:
    value = data.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"{key} {value!r} is not a version number")
    return value
