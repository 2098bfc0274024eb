"""How far a canary is: canary.json in the router's folder, so that any other process can go on from there."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from shamal.providers.triton.canary.checks import Check
from shamal.providers.triton.canary.observations import START, Counts, Position
from shamal.providers.triton.canary.plan import Plan
from shamal.providers.triton.errors import InvalidDeployment
from shamal.providers.triton.repository import replace_file

Decision = Literal["promote", "rollback", "undecided", "stopped"]


@dataclass
class State:
    """Everything that a controller knows.

    :param run: who asked for this canary (DAG run and task); another asker starts anew.
    :param version: the candidate.
    :param champion: who answered when the canary began.
    :param plan: what to do.
    :param begun: Unix seconds.
    :param seen: Unix seconds of the last look.
    :param step: position in the plan's steps.
    :param elapsed: seconds of this step in which the share was in force.
    :param granted: whether the candidate has had traffic.
    :param position: how far the observations were read.
    :param candidate: counts of this step.
    :param baseline: the champion's counts of this step.
    :param labels: what late labels say so far.
    :param labels_due: Unix seconds of the next look at the labels.
    :param told: Unix seconds of the last line in the log.
    :param steps: what happened, one entry per step that is over.
    :param decision: None while the canary runs.
    :param reason: of the decision.
    """

    run: str
    version: int
    champion: int
    plan: Plan
    begun: float
    seen: float
    step: int = 0
    elapsed: float = 0.0
    granted: bool = False
    position: Position = START
    candidate: Counts = field(default_factory=Counts)
    baseline: Counts = field(default_factory=Counts)
    labels: list[Check] = field(default_factory=list)
    labels_due: float = 0.0
    told: float = 0.0
    steps: list[dict[str, Any]] = field(default_factory=list)
    decision: Decision | None = None
    reason: str = ""

    def save(self, path: Path) -> None:
        """Replace the file."""
        replace_file(path, json.dumps(asdict(self)))


def load(path: Path) -> State | None:
    """Return the state in the file; None when there is none.

    :raises InvalidDeployment: the file is broken.
    """
    try:
        data = json.loads(path.read_text())
        parts = {
            "plan": Plan.from_dict(data["plan"]),
            "position": Position(*data["position"]),
            "candidate": Counts(**data["candidate"]),
            "baseline": Counts(**data["baseline"]),
            "labels": [Check(**check) for check in data["labels"]],
        }
        return State(**(data | parts))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidDeployment(
            f"{path}: {error!r}; remove the file and clear the task: the canary starts anew"
        ) from error
