"""Joins late labels with the prediction log: how wrong each version was, as a whole and per group."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from shamal.providers.triton.canary.plan import Limits
from shamal.providers.triton.canary.sequential import Sum


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

    An entity counts once per version, with its first prediction: repeated questions are no new evidence.

    :param folder: the model's prediction log; labels lie in `labels/` below it.
    :param since: Unix seconds.
    """
    labels = {
        str(row["entity_id"]): float(row["label"])
        for row in _rows(folder / "labels", since)
        if isinstance(row["label"], int | float) and math.isfinite(row["label"])
    }
    losses, seen = Losses(), set()
    for row in _rows(folder, since) if labels else ():
        entity, version, score = row["entity_id"], row["version"], row["score"]
        if entity not in labels or score is None or (entity, version) in seen:
            continue
        if datetime.fromisoformat(row["time"]).timestamp() < since:
            continue
        seen.add((entity, version))
        loss = _loss(score, labels[entity], limits.label_scale)
        losses.versions.setdefault(version, Sum()).add(loss)
        if version == candidate and limits.group_feature is not None:
            losses.groups.setdefault(str(row["features"][limits.group_feature]), Sum()).add(loss)
    return losses


def _loss(score: float, label: float, scale: float | None) -> float:
    if scale is None:
        return float(abs(score - label) > 0.5)
    return min(1.0, ((score - label) / scale) ** 2)


def _rows(folder: Path, since: float) -> Iterator[dict[str, Any]]:
    """Yield the rows of the closed files that were written since a time, oldest file first."""
    for path in sorted(folder.glob("*.jsonl")):
        if path.stat().st_mtime >= since:
            with path.open() as file:
                yield from map(json.loads, file)
