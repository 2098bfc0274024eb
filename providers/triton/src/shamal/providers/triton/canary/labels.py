"""Joins late labels with the prediction log: how wrong each version was, as a whole and per group."""

import itertools
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from shamal.providers.triton.canary.plan import Limits
from shamal.providers.triton.canary.sequential import Sum
from shamal.providers.triton.errors import InvalidDeployment

MOST_PREDICTIONS = 500_000
Row = TypeVar("Row")


@dataclass
class Losses:
    """What the labels say so far.

    :param versions: per version.
    :param groups: of the candidate, per value of the group's feature.
    """

    versions: dict[int, Sum] = field(default_factory=dict)
    groups: dict[str, Sum] = field(default_factory=dict)


def read(folder: Path, since: float, candidate: int, limits: Limits) -> Losses:
    """Return the losses of the predictions made since a time for which a label has arrived.

    An entity counts once per version, with its first prediction: repeated questions are no new evidence. The first
    500,000 predictions are looked at, which takes some seconds.

    :param folder: the model's prediction log; labels lie in `labels/` below it.
    :param since: Unix seconds.
    :raises InvalidDeployment: a line is not what it must be.
    """
    labels = dict(_rows(folder / "labels", since, _label))
    losses, seen = Losses(), set()
    predictions = _rows(folder, since, _prediction) if labels else iter(())
    for made, entity, version, score, features in itertools.islice(predictions, MOST_PREDICTIONS):
        if made < since or entity not in labels or score is None or (entity, version) in seen:
            continue
        seen.add((entity, version))
        loss = _loss(score, labels[entity], limits.label_scale)
        losses.versions.setdefault(version, Sum()).add(loss)
        if version == candidate and limits.group_feature is not None:
            losses.groups.setdefault(str(features[limits.group_feature]), Sum()).add(loss)
    return losses


def _label(row: Any) -> tuple[str, float]:
    label = float(row["label"])
    if not math.isfinite(label):
        raise ValueError(f"label {label} is not a number")
    return str(row["entity_id"]), label


def _prediction(row: Any) -> tuple[float, str | None, int, float | None, list[float | None]]:
    made = datetime.fromisoformat(row["time"]).timestamp()
    return made, row["entity_id"], row["version"], row["score"], row["features"]


def _loss(score: float, label: float, scale: float | None) -> float:
    if scale is None:
        return float(abs(score - label) > 0.5)
    return min(1.0, ((score - label) / scale) ** 2)


def _rows(folder: Path, since: float, parse: Callable[[Any], Row]) -> Iterator[Row]:
    """Yield the rows of the closed files that were written since a time, oldest file first."""
    for path in sorted(folder.glob("*.jsonl")):
        if path.stat().st_mtime < since:
            continue
        with path.open() as file:
            for number, line in enumerate(file, 1):
                try:
                    yield parse(json.loads(line))
                except (KeyError, TypeError, ValueError) as error:
                    raise InvalidDeployment(
                        f"{path}:{number}: {error!r}; a label is one line "
                        '{"entity_id": text, "label": number}; repair or remove the file'
                    ) from error
