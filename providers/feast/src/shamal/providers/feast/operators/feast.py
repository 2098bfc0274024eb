"""Operators for a Feast project: apply, materialise, training set."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow.sdk import BaseOperator, Context

from shamal.providers.feast.hooks.feast import FeastHook
from shamal.providers.feast.intervals import ordered
from shamal.providers.feast.training_set import TIME, TrainingSetSpec


class FeastApplyOperator(BaseOperator):
    """Registers the entities, feature views and feature services that a features.py defines.

    Returns {"project", "entities", "feature_views", "feature_services"}.

    :param definitions: path of the Python file (templated)
    :param project: Feast project (templated)
    :param feast_conn_id: connection of type `shamal_feast`
    """

    template_fields = ("definitions", "project")

    def __init__(
        self,
        *,
        definitions: str,
        project: str,
        feast_conn_id: str = FeastHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.definitions = definitions
        self.project = project
        self.feast_conn_id = feast_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Apply the definitions."""
        return FeastHook(self.feast_conn_id).apply(self.definitions, self.project)


class FeastMaterializeOperator(BaseOperator):
    """Writes the newest feature values of [start, end) to the online store.

    Returns {"project", "rows": {view: rows}, "start", "end"}.

    :param project: Feast project (templated)
    :param views: feature views; default all of the project (templated)
    :param start: first moment, ISO 8601 or datetime, UTC where no zone is given (templated)
    :param end: first moment after the interval (templated)
    :param feast_conn_id: connection of type `shamal_feast`
    """

    template_fields = ("project", "views", "start", "end")

    def __init__(
        self,
        *,
        project: str,
        start: str | datetime,
        end: str | datetime,
        views: Sequence[str] | None = None,
        feast_conn_id: str = FeastHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.project = project
        self.views = views
        self.start = start
        self.end = end
        self.feast_conn_id = feast_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Materialise the views."""
        start, end = ordered(start=self.start, end=self.end)
        rows = FeastHook(self.feast_conn_id).materialize(self.project, self.views, start, end)
        return {"project": self.project, "rows": rows, "start": start.isoformat(), "end": end.isoformat()}


class FeastTrainingSetOperator(BaseOperator):
    """Writes a point-in-time training set: train [start, split), evaluation [split, end).

    Returns {"uri", "digest", "rows": {"train", "evaluation"}, "dropped_without_label", "snapshot_id"}.

    :param project: Feast project (templated)
    :param entity_table: Iceberg table with keys, time and label, as `namespace.table` (templated)
    :param keys: entity key columns
    :param label: column to predict; rows without it are dropped and counted
    :param feature_service: gives the features and their order (templated)
    :param categorical: `{feature: number of codes}`
    :param start: first moment of the training rows, ISO 8601 or datetime, UTC where no zone is given (templated)
    :param split: first moment of the evaluation rows (templated)
    :param end: first moment after the evaluation rows (templated)
    :param output: folder to write; replaced as a whole (templated)
    :param time_column: column of the entity table with the time a prediction is needed
    :param feast_conn_id: connection of type `shamal_feast`
    """

    template_fields = ("project", "entity_table", "feature_service", "start", "split", "end", "output_folder")

    def __init__(
        self,
        *,
        project: str,
        entity_table: str,
        keys: Sequence[str],
        label: str,
        feature_service: str,
        start: str | datetime,
        split: str | datetime,
        end: str | datetime,
        output: str,
        categorical: Mapping[str, int] | None = None,
        time_column: str = TIME,
        feast_conn_id: str = FeastHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.project = project
        self.entity_table = entity_table
        self.keys = keys
        self.label_column = label  # BaseOperator has a property `label`, and one `output`
        self.feature_service = feature_service
        self.categorical = categorical
        self.start = start
        self.split = split
        self.end = end
        self.output_folder = output
        self.time_column = time_column
        self.feast_conn_id = feast_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Build and write the training set."""
        start, split, end = ordered(start=self.start, split=self.split, end=self.end)
        spec = TrainingSetSpec(
            self.entity_table, self.keys, self.label_column, self.categorical or {}, start, split, end, self.time_column
        )
        written = FeastHook(self.feast_conn_id).write_training_set(
            self.project, self.feature_service, spec, self.output_folder
        )
        returned = ("digest", "rows", "dropped_without_label", "snapshot_id")
        return {"uri": self.output_folder, **{key: written[key] for key in returned}}
