"""`FakeFeastHook`: the operators' view of FeastHook, in memory, for tests of DAGs and operators."""

import ast
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from shamal.providers.feast.errors import (
    EmptyTrainingSet,
    InvalidDefinitions,
    UnknownFeatureService,
    UnknownFeatureView,
    UnknownProject,
    choices,
)
from shamal.providers.feast.training_set import TrainingSetSpec

Row = Mapping[str, Any]


class FakeFeastHook:
    """Keeps projects in memory; reads and writes nothing but the definitions file, which it parses and never runs.

    :param views: `{feature view: its rows}`, each row with `event_timestamp`
    :param services: `{feature service: its features}`
    :param entities: `{table: rows}` for training sets, each row with keys, time and label
    """

    default_conn_name = "feast_default"

    def __init__(
        self,
        views: Mapping[str, Sequence[Row]],
        services: Mapping[str, Sequence[str]],
        entities: Mapping[str, Sequence[Row]],
    ) -> None:
        self.views = views
        self.services = services
        self.entities = entities
        self.projects: set[str] = set()

    def apply(self, definitions: str | Path, project: str) -> dict[str, Any]:
        """Make the project known; a file that does not parse is refused."""
        path = Path(definitions)
        if not path.is_file():
            raise InvalidDefinitions(f"Definitions {path} do not exist; give the path of a features.py.")
        try:
            ast.parse(path.read_text())
        except SyntaxError as error:
            raise InvalidDefinitions(f"{path}:{error.lineno}: {error.msg}.") from error
        self.projects.add(project)
        return {
            "project": project,
            "entities": [],
            "feature_views": sorted(self.views),
            "feature_services": sorted(self.services),
        }

    def materialize(self, project: str, views: Sequence[str] | None, start: datetime, end: datetime) -> dict[str, int]:
        """Return how many rows of each view lie in [start, end)."""
        self._require(project)
        for name in views or ():
            if name not in self.views:
                raise UnknownFeatureView(f"No feature view {name!r}; {choices(name, self.views)}")
        chosen = views or sorted(self.views)
        return {name: sum(start <= row["event_timestamp"] < end for row in self.views[name]) for name in chosen}

    def write_training_set(
        self, project: str, feature_service: str, spec: TrainingSetSpec, output: str | Path
    ) -> dict[str, Any]:
        """Return the description of the training set; no folder is written."""
        self._require(project)
        if feature_service not in self.services:
            raise UnknownFeatureService(
                f"No feature service {feature_service!r}; {choices(feature_service, self.services)}"
            )
        rows = [row for row in self.entities[spec.entity_table] if spec.start <= row[spec.time_column] < spec.end]
        labelled = [row for row in rows if row[spec.label] is not None]
        if not labelled:
            raise EmptyTrainingSet(f"No labelled rows of {spec.entity_table!r} in [{spec.start}, {spec.end}).")
        train = sum(row[spec.time_column] < spec.split for row in labelled)
        return {
            "features": list(self.services[feature_service]),
            "categorical": dict(spec.categorical),
            "label": spec.label,
            "keys": list(spec.keys),
            "digest": hashlib.sha256(repr(labelled).encode()).hexdigest(),
            "snapshot_id": 1,
            "rows": {"train": train, "evaluation": len(labelled) - train},
            "dropped_without_label": len(rows) - len(labelled),
        }

    def _require(self, project: str) -> None:
        if project not in self.projects:
            raise UnknownProject(f"No project {project!r}; {choices(project, self.projects)}")
