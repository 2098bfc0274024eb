"""How one version is served: `serving.json` in its folder, written with the version and never changed."""

import json
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path

FILE = "serving.json"


@dataclass(frozen=True)
class ServingSettings:
    """What a data engineer decides about serving.

    :param instances: processes that answer, of the version and of the router.
    :param max_batch_rows: Triton gathers waiting requests for the version's own model up to so many rows; 0: it does
        not.
    :param queue_delay_us: microseconds for which it may hold a request back to gather more.
    :param warm_up_p99_ms: milliseconds; the version must answer one row within it, at the 99th percentile, before it
        may serve.
    :param candidate_timeout_ms: milliseconds after which the champion answers for this version.
    :raises ValueError: a value is out of its range.
    """

    instances: int = 1
    max_batch_rows: int = 0
    queue_delay_us: int = 0
    warm_up_p99_ms: float = 1000.0
    candidate_timeout_ms: float = 1000.0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name, lowest in (("instances", 1), ("max_batch_rows", 0), ("queue_delay_us", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
                raise ValueError(f"{name} is {value!r}; give a whole number from {lowest}")
        for name in ("warm_up_p99_ms", "candidate_timeout_ms"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
                raise ValueError(f"{name} is {value!r}; give milliseconds above 0")
        if self.queue_delay_us and not self.max_batch_rows:
            raise ValueError(f"queue_delay_us is {self.queue_delay_us} but nothing is gathered; give max_batch_rows")

    def to_json(self) -> str:
        """Return the text of `serving.json`."""
        return json.dumps(asdict(self))


def read(folder: Path) -> ServingSettings:
    """Return how the version in a folder is served; one deployed before the file existed has the defaults.

    :raises ValueError: the file is broken.
    """
    try:
        return ServingSettings(**json.loads((folder / FILE).read_text()))
    except FileNotFoundError:
        return ServingSettings()
    except TypeError as error:
        raise ValueError(f"{folder / FILE}: {error}; deploy the version again") from error
