"""Says where the feature matrix of a served model lies in the online store, for a router that knows no Feast.

store       path of the SQLite file
keys        entity keys, in the order in which a client joins them with "/"
on_missing  "refuse" or "impute"
views       per feature view: table, ttl_seconds (null: for ever), keys ({key: type})
columns     per column of the matrix: name, view, missing (the value of a missing one; null is NaN)
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from shamal.providers.feast.errors import MissingColumn, NotServableByKey, choices
from shamal.providers.feast.training_set import UNKNOWN

if TYPE_CHECKING:
    from feast import FeatureService, FeatureStore, FeatureView

OnMissing = Literal["refuse", "impute"]

KEY_TYPES = ("INT32", "INT64", "STRING")
FEATURE_TYPES = ("BOOL", "DOUBLE", "FLOAT", "INT32", "INT64")


def document(
    store: "FeatureStore",
    service: "FeatureService",
    *,
    keys: Sequence[str],
    columns: Sequence[str],
    categorical: Collection[str],
    on_missing: OnMissing,
) -> dict[str, Any]:
    """Return the document; what is missing is written as in a training set (see `FeastHook.serving_features`)."""
    views: dict[str, dict[str, Any]] = {}
    features: dict[str, tuple[str, str]] = {}
    for projection in service.feature_view_projections:
        view = store.get_feature_view(projection.name)
        if projection.join_key_map:
            raise NotServableByKey(
                f"Feature service {service.name!r} renames the keys of view {view.name!r} ({projection.join_key_map}); "
                "use the view with its own keys"
            )
        views[view.name] = _view(store, view, keys)
        features |= {field.name: (view.name, field.dtype.to_value_type().name) for field in projection.features}
    for name in columns:
        _check_feature(name, features)
    used = {features[name][0] for name in columns}
    return {
        "store": str(Path(store.config.online_store.path).absolute()),
        "keys": list(keys),
        "on_missing": on_missing,
        "views": {name: view for name, view in views.items() if name in used},
        "columns": [
            {"name": name, "view": features[name][0], "missing": UNKNOWN if name in categorical else None}
            for name in columns
        ],
    }


def _view(store: "FeatureStore", view: "FeatureView", keys: Sequence[str]) -> dict[str, Any]:
    from feast.infra.online_stores.helpers import compute_table_id

    types = {column.name: column.dtype.to_value_type().name for column in view.entity_columns}
    for name, kind in types.items():
        if name not in keys:
            raise NotServableByKey(
                f"View {view.name!r} needs the key {name!r}, which clients do not send; {choices(name, keys)}"
            )
        if kind not in KEY_TYPES:
            raise NotServableByKey(f"Key {name!r} of view {view.name!r} is {kind}; allowed: {', '.join(KEY_TYPES)}.")
    versioned = store.config.registry.enable_online_feature_view_versioning
    return {
        "table": compute_table_id(store.project, view, versioned),
        "ttl_seconds": view.ttl.total_seconds() if view.ttl else None,
        "keys": types,
    }


def _check_feature(name: str, features: dict[str, tuple[str, str]]) -> None:
    if name not in features:
        raise MissingColumn(f"Column {name!r} is not in the feature service; {choices(name, features)}")
    view, kind = features[name]
    if kind not in FEATURE_TYPES:
        raise NotServableByKey(f"Feature {name!r} of view {view!r} is {kind}; allowed: {', '.join(FEATURE_TYPES)}.")
