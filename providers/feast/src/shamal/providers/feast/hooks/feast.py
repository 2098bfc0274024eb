"""`FeastHook`: one Feast project per call, on the registry, stores and catalog of an Airflow connection."""

import fcntl
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from shamal.providers.feast.errors import (
    FeastError,
    InvalidConnection,
    InvalidDefinitions,
    UnknownFeatureService,
    UnknownFeatureView,
    UnknownProject,
    choices,
)

if TYPE_CHECKING:
    from feast import FeatureService, FeatureStore, FeatureView
    from shamal.providers.feast.serving import OnMissing
    from shamal.providers.feast.training_set import TrainingSetSpec

NEEDED = ("registry", "online_store", "catalog_type", "catalog_uri", "warehouse")


class FeastHook(BaseHook):
    """Applies definitions, materialises features, builds training sets, reads online features.

    :param feast_conn_id: connection of type `shamal_feast`; extra: registry (path, or SQLAlchemy URL),
        online_store (path), catalog_type, catalog_uri, warehouse
    """

    conn_name_attr = "feast_conn_id"
    default_conn_name = "feast_default"
    conn_type = "shamal_feast"
    hook_name = "Feast"

    def __init__(self, feast_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.feast_conn_id = feast_conn_id

    def apply(self, definitions: str | Path, project: str) -> dict[str, Any]:
        """Register what a features.py defines and return the names; applying it again changes nothing.

        Objects that the file no longer defines stay registered.

        :param definitions: path of the Python file
        :param project: Feast project, made if it is new
        :raises InvalidDefinitions: when the file does not load or Feast refuses it; the registry is unchanged
        """
        from feast import Entity, FeatureService, FeatureView
        from feast.errors import FeastError as RefusedByFeast
        from shamal.providers.feast.definitions import load

        objects = load(definitions)
        with self._writable_store(project) as store:
            try:
                store.apply(objects)
            except FeastError:
                raise
            except (RefusedByFeast, ValueError, TypeError) as error:
                raise InvalidDefinitions(
                    f"{definitions}: Feast refuses these definitions: {error}. The registry is unchanged."
                ) from error
        kinds = {"entities": Entity, "feature_views": FeatureView, "feature_services": FeatureService}
        names = {key: sorted(o.name for o in objects if isinstance(o, kind)) for key, kind in kinds.items()}
        return {"project": project, **names}

    def materialize(self, project: str, views: Sequence[str] | None, start: datetime, end: datetime) -> dict[str, int]:
        """Write the newest value of each key in [start, end) to the online store; return rows per view.

        Repeating an interval changes nothing, and an older interval never replaces newer values.

        :param views: feature views; None for all of the project
        :raises UnknownFeatureView: when the project has no such view; nothing is written
        """
        from shamal.providers.feast.materialization import write_latest

        store = self.store(project)
        chosen = self._views(store, views)
        rows = {view.name: write_latest(store, view, start, end) for view in chosen}
        with self._writable_store(project) as fresh:
            for view in chosen:
                if (start, end) not in fresh.get_feature_view(view.name).materialization_intervals:
                    fresh.registry.apply_materialization(view, project, start, end)
        return rows

    def write_training_set(
        self, project: str, feature_service: str, spec: "TrainingSetSpec", output: str | Path
    ) -> dict[str, Any]:
        """Write the folder of a training set and return its description with `dropped_without_label`.

        Entity rows and, where a view reads the same table, features come from one snapshot: the table's current one.

        :param feature_service: feature service of the project; gives the features and their order
        :raises UnknownFeatureService: when the project has no such service
        :raises EmptyTrainingSet: when the interval has no labelled rows
        """
        from shamal.providers.feast import training_set
        from shamal.providers.feast.iceberg import load_table, published_snapshot

        table = load_table(self._catalog(), spec.entity_table)
        snapshot = published_snapshot(table)
        store = self.store(project, snapshots={spec.entity_table: snapshot})
        service = self._service(store, feature_service)
        features = [field.name for view in service.feature_view_projections for field in view.features]
        training_set.check_features(features, spec)
        entities, dropped = training_set.labelled_rows(table, snapshot, spec)
        joined = store.get_historical_features(entity_df=entities, features=service).to_arrow()
        rows = training_set.with_known_codes(joined, spec.categorical)
        rows = rows.select([*spec.keys, training_set.TIME, *features, spec.label])
        return {
            **training_set.write(Path(output), rows, features, snapshot, spec),
            "dropped_without_label": dropped,
        }

    def online_features(
        self, project: str, feature_service: str, entity_rows: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Return one dict of keys and features per entity row; a missing or expired value is None.

        A view's TTL is measured from now, so old data is expired even when it is the newest.

        :raises UnknownFeatureService: when the project has no such service
        """
        store = self.store(project)
        service = self._service(store, feature_service)
        columns = store.get_online_features(features=service, entity_rows=[dict(row) for row in entity_rows]).to_dict()
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def serving_features(
        self,
        project: str,
        feature_service: str,
        *,
        keys: Sequence[str],
        columns: Sequence[str],
        categorical: Collection[str],
        on_missing: "OnMissing",
    ) -> dict[str, Any]:
        """Return how a router finds a model's feature matrix in the online store (see `serving`).

        :param keys: entity keys, in the order in which a client joins them with "/"
        :param columns: features in the order of the model's feature matrix
        :param categorical: those of them that are codes; a missing code is 0 (unknown), any other missing value NaN
        :param on_missing: `refuse` a request with a missing or expired row, or `impute` what it lacks
        :raises UnknownFeatureService: when the project has no such service
        :raises MissingColumn: when the service has no such feature
        :raises NotServableByKey: when a view's key is not among the keys, or a type is none of the allowed
        """
        from shamal.providers.feast import serving

        store = self.store(project)
        service = self._service(store, feature_service)
        return serving.document(
            store, service, keys=keys, columns=columns, categorical=categorical, on_missing=on_missing
        )

    def store(self, project: str, snapshots: Mapping[str, int] | None = None) -> "FeatureStore":
        """Return the project's Feast FeatureStore, for what this hook does not cover.

        :param snapshots: `{table: snapshot id}` to read instead of the tables' current snapshots
        :raises UnknownProject: when nothing was applied under this name
        """
        registry = Path(self._extra()["registry"])
        if self._registry_is_file() and not registry.exists():
            raise UnknownProject(f"Feast registry {registry} is empty. Apply definitions (FeastApplyOperator) first.")
        store = self._open(project, snapshots or {})
        known = [item.name for item in store.list_projects()]
        if project not in known:
            raise UnknownProject(
                f"Feast project {project!r} is not in registry {self._extra()['registry']}; "
                f"{choices(project, known)} Apply definitions (FeastApplyOperator) first."
            )
        return store

    @contextmanager
    def _writable_store(self, project: str) -> Iterator["FeatureStore"]:
        """Give a store with the registry as it is now; a file registry stays locked until the block ends."""
        if not self._registry_is_file():
            yield self._open(project, {})
            return
        lock = Path(self._extra()["registry"] + ".lock")
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield self._open(project, {})

    def _open(self, project: str, snapshots: Mapping[str, int]) -> "FeatureStore":
        from feast import FeatureStore, RepoConfig

        extra = self._extra()
        package = "shamal.providers.feast"
        registry: dict[str, Any] = {"registry_type": "sql", "path": extra["registry"]}
        if self._registry_is_file():
            registry = {
                "registry_type": "file",
                "registry_store_type": f"{package}.registry_stores.AtomicFileRegistryStore",
                "path": extra["registry"],
            }
        Path(extra["online_store"]).parent.mkdir(parents=True, exist_ok=True)
        config = RepoConfig(
            project=project,
            provider="local",
            registry=registry,
            online_store={
                "type": f"{package}.online_stores.sqlite.SqliteOnlineStore",
                "path": extra["online_store"],
            },
            offline_store={
                "type": f"{package}.offline_stores.asof.AsofOfflineStore",
                "catalog": self._catalog(),
                "snapshots": dict(snapshots),
            },
            entity_key_serialization_version=3,
        )
        return FeatureStore(config=config)

    def _views(self, store: "FeatureStore", names: Sequence[str] | None) -> list["FeatureView"]:
        views = {view.name: view for view in store.list_feature_views()}
        for name in names or ():
            if name not in views:
                raise UnknownFeatureView(
                    f"Feast project {store.project!r} has no feature view {name!r}; {choices(name, views)}"
                )
        return [views[name] for name in names or views]

    def _service(self, store: "FeatureStore", name: str) -> "FeatureService":
        services = {service.name: service for service in store.list_feature_services()}
        if name not in services:
            raise UnknownFeatureService(
                f"Feast project {store.project!r} has no feature service {name!r}; {choices(name, services)}"
            )
        return services[name]

    def _catalog(self) -> dict[str, str]:
        extra = self._extra()
        return {"type": extra["catalog_type"], "uri": extra["catalog_uri"], "warehouse": extra["warehouse"]}

    def _registry_is_file(self) -> bool:
        return "://" not in self._extra()["registry"]

    def _extra(self) -> dict[str, str]:
        extra: dict[str, str] = self.get_connection(self.feast_conn_id).extra_dejson
        for name in NEEDED:
            if not extra.get(name):
                raise InvalidConnection(
                    f"Connection {self.feast_conn_id!r} lacks {name!r} in its extra; needed: {', '.join(NEEDED)}."
                )
        return extra
