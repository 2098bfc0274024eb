"""A Feast offline store whose point-in-time join is DuckDB's ASOF JOIN over Iceberg or Parquet.

Feast loads this module by name (`type` of the offline store's configuration). Where a rule is Feast's own (TTL
includes its edge, newest created timestamp wins a tie, naive times are UTC) the answers are Feast's own.

What it does not do: entity rows given as SQL, retrieval without entity rows, `filter_by_created_timestamp`,
writing to sources, on-demand feature views (Feast pickles their functions; see definitions.py).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from feast.data_source import DataSource  # noqa: TID253 - loaded by Feast only
from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL, FeatureView  # noqa: TID253
from feast.infra.offline_stores.file_source import FileSource  # noqa: TID253
from feast.infra.offline_stores.offline_store import (  # noqa: TID253
    OfflineStore,
    RetrievalJob,
    RetrievalMetadata,
)
from feast.repo_config import FeastConfigBaseModel, RepoConfig  # noqa: TID253
from shamal.providers.feast.errors import MissingColumn, UnsupportedSource, choices
from shamal.providers.feast.iceberg import load_table, scan
from shamal.providers.feast.offline_stores.join import ViewRows, latest, point_in_time, with_utc_times
from shamal.providers.feast.sources import IcebergTableSource

if TYPE_CHECKING:
    from pandas import DataFrame
    from pyarrow import Table

Bounds = tuple[datetime | None, datetime | None]  # first and last moment, both included; None for no bound


class AsofOfflineStoreConfig(FeastConfigBaseModel):  # type: ignore[misc]
    """Configuration that FeastHook fills from the connection."""

    type: str = "shamal.providers.feast.offline_stores.asof.AsofOfflineStore"
    catalog: dict[str, str] = Field(default_factory=dict)  # properties for pyiceberg's load_catalog
    snapshots: dict[str, int] = Field(
        default_factory=dict
    )  # table -> snapshot to read instead of the main branch's current one


class AsofRetrievalJob(RetrievalJob):  # type: ignore[misc]
    """A retrieval that runs when its result is asked for."""

    def __init__(
        self,
        evaluate: Callable[[], "Table"],
        metadata: RetrievalMetadata | None = None,
        full_feature_names: bool = False,
    ) -> None:
        self._evaluate = evaluate
        self._metadata = metadata
        self._full_feature_names = full_feature_names

    def _to_arrow_internal(self, timeout: int | None = None) -> "Table":
        return self._evaluate()

    def _to_df_internal(self, timeout: int | None = None) -> "DataFrame":
        return self._evaluate().to_pandas()

    @property
    def full_feature_names(self) -> bool:
        """Whether feature names carry the view's name in front."""
        return self._full_feature_names

    @property
    def on_demand_feature_views(self) -> list[Any]:
        """None: this store serves stored features only."""
        return []

    @property
    def metadata(self) -> RetrievalMetadata | None:
        """Features, keys and time range of a historical retrieval."""
        return self._metadata


class AsofOfflineStore(OfflineStore):  # type: ignore[misc]
    """Joins entity rows to features as of each row's time, and reads features for materialisation."""

    @staticmethod
    def get_historical_features(  # noqa: PLR0917 - Feast's signature
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: "DataFrame | Table | str | None",
        registry: Any,
        project: str,
        full_feature_names: bool = False,
        **options: Any,
    ) -> AsofRetrievalJob:
        """Return the entity rows, in their order, with each feature's value as of the row's time.

        :param entity_df: pandas or Arrow rows with the join keys and `event_timestamp` (or one timestamp column)
        :raises UnsupportedSource: for entity rows as SQL or none at all
        :raises MissingColumn: when the entity rows lack a join key
        """
        import pyarrow.compute as pc

        if entity_df is None or isinstance(entity_df, str):
            raise UnsupportedSource(
                "The ASOF offline store joins entity rows given as a pandas or Arrow table, not SQL or a bare "
                "time range. Read the rows first and pass them as entity_df."
            )
        entities, time_column = _entity_rows(entity_df)
        times = pc.min_max(entities[time_column]).as_py()

        def evaluate() -> "Table":
            views = [
                _view_rows(config, view, feature_refs, full_feature_names, (times["min"], times["max"]))
                for view in feature_views
            ]
            for key in {key for view in views for key in view.keys.values()}:
                if key not in entities.column_names:
                    raise MissingColumn(
                        f"The entity rows lack the join key {key!r}; {choices(key, entities.column_names)}"
                    )
            return point_in_time(entities, time_column, views)

        keys = [name for name in entities.column_names if name != time_column]
        metadata = RetrievalMetadata(feature_refs, keys, times["min"], times["max"])
        return AsofRetrievalJob(evaluate, metadata, full_feature_names)

    @staticmethod
    def pull_latest_from_table_or_query(  # noqa: PLR0917 - Feast's signature
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None,
        start_date: datetime,
        end_date: datetime,
    ) -> AsofRetrievalJob:
        """Return the newest row of each key with start_date <= time <= end_date."""
        times = [timestamp_field, *filter(None, [created_timestamp_column])]
        columns = [*join_key_columns, *feature_name_columns, *times]

        def evaluate() -> "Table":
            import pyarrow as pa

            rows = _read(config, data_source, columns, timestamp_field, (start_date, end_date))
            newest = latest(with_utc_times(rows, times), join_key_columns, feature_name_columns, times)
            if join_key_columns:
                return newest
            return newest.append_column(DUMMY_ENTITY_ID, pa.array([DUMMY_ENTITY_VAL] * newest.num_rows))

        return AsofRetrievalJob(evaluate)

    @staticmethod
    def pull_all_from_table_or_query(  # noqa: PLR0917 - Feast's signature
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> AsofRetrievalJob:
        """Return every row with start_date <= time <= end_date."""
        times = [timestamp_field, *filter(None, [created_timestamp_column])]
        columns = [*join_key_columns, *feature_name_columns, *times]
        return AsofRetrievalJob(
            lambda: with_utc_times(_read(config, data_source, columns, timestamp_field, (start_date, end_date)), times)
        )


def _entity_rows(entity_df: "DataFrame | Table") -> tuple["Table", str]:
    """Return the entity rows as Arrow with times in UTC microseconds, and the name of their time column."""
    import pyarrow as pa

    rows = entity_df if isinstance(entity_df, pa.Table) else pa.Table.from_pandas(entity_df, preserve_index=False)
    times = [field.name for field in rows.schema if pa.types.is_timestamp(field.type)]
    if "event_timestamp" in times:
        times = ["event_timestamp"]
    if len(times) != 1:
        raise MissingColumn(
            f"The entity rows need a timestamp column named event_timestamp (or exactly one timestamp column); "
            f"they have the columns {', '.join(rows.column_names)}."
        )
    return with_utc_times(rows, times), times[0]


def _view_rows(
    config: RepoConfig,
    view: FeatureView,
    feature_refs: Sequence[str],
    full_feature_names: bool,
    bounds: Bounds,
) -> ViewRows:
    """Return the rows of one view that can matter to entity rows within the bounds."""
    first, last = bounds
    source, prefix = view.batch_source, view.projection.name_to_use()
    features = [ref.split(":", 1)[1] for ref in feature_refs if ref.split(":", 1)[0] == prefix]
    names = {feature: f"{prefix}__{feature}" if full_feature_names else feature for feature in features}
    join_keys = {
        key.name: view.projection.join_key_map.get(key.name, key.name)
        for key in view.entity_columns
        if key.name != DUMMY_ENTITY_ID
    }
    column_of = _columns_by_feature(source.field_mapping)
    times = [source.timestamp_field, *filter(None, [source.created_timestamp_column])]
    columns = [column_of.get(name, name) for name in [*join_keys, *features]] + times
    ttl = view.ttl if view.ttl else None  # Feast: none and zero both mean for ever
    start = first - ttl if first is not None and ttl else None
    return ViewRows(
        rows=with_utc_times(_read(config, source, columns, source.timestamp_field, (start, last)), times),
        keys={column_of.get(key, key): entity_column for key, entity_column in join_keys.items()},
        features={column_of.get(feature, feature): name for feature, name in names.items()},
        times=times,
        ttl=ttl,
    )


def _columns_by_feature(field_mapping: Mapping[str, str]) -> dict[str, str]:
    return {feature: column for column, feature in field_mapping.items()}


def _read(
    config: RepoConfig,
    source: DataSource,
    columns: Sequence[str],
    time_column: str,
    bounds: Bounds,
) -> "Table":
    """Return the chosen columns of the source's rows within the bounds."""
    start, end = bounds
    if isinstance(source, IcebergTableSource):
        store: AsofOfflineStoreConfig = config.offline_store
        table = load_table(store.catalog, source.table)
        return scan(table, columns, time_column, start=start, end=end, snapshot_id=store.snapshots.get(source.table))
    if isinstance(source, FileSource):
        return _read_parquet(source.path, columns, time_column, bounds)
    raise UnsupportedSource(
        f"Data source {source.name!r} is a {type(source).__name__}; allowed: IcebergTableSource and FileSource "
        "(Parquet). Use shamal.providers.feast.sources.IcebergTableSource in the definitions."
    )


def _read_parquet(path: str, columns: Sequence[str], time_column: str, bounds: Bounds) -> "Table":
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    start, end = bounds
    rows = with_utc_times(pq.read_table(path, columns=list(dict.fromkeys(columns))), [time_column])
    moment = pa.timestamp("us", "UTC")
    if start is not None:
        rows = rows.filter(pc.field(time_column) >= pa.scalar(start, moment))
    if end is not None:
        rows = rows.filter(pc.field(time_column) <= pa.scalar(end, moment))
    return rows
