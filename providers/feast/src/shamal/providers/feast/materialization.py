"""Copies the newest feature values of an interval into the online store."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from shamal.providers.feast.iceberg import EXCLUSIVE

if TYPE_CHECKING:
    from feast import FeatureStore, FeatureView

BATCH = 20_000  # rows turned into protobuf at a time: bounds memory, not speed


def write_latest(store: "FeatureStore", view: "FeatureView", start: datetime, end: datetime) -> int:
    """Write the newest row of each key in [start, end) and return the number of keys.

    Rows go from Arrow to the online store; Feast's own engine takes them through pandas, where a missing integer
    becomes a float.
    """
    from feast.feature_view import DUMMY_ENTITY_ID
    from feast.utils import _convert_arrow_to_proto

    source = view.batch_source
    column_of = {feature: column for column, feature in source.field_mapping.items()}
    keys = {key.name: key.dtype.to_value_type() for key in view.entity_columns}
    provider: Any = store._get_provider()
    rows = provider.offline_store.pull_latest_from_table_or_query(
        config=store.config,
        data_source=source,
        join_key_columns=[column_of.get(key, key) for key in keys if key != DUMMY_ENTITY_ID],
        feature_name_columns=[column_of.get(feature.name, feature.name) for feature in view.features],
        timestamp_field=source.timestamp_field,
        created_timestamp_column=source.created_timestamp_column,
        start_date=start,
        end_date=end - EXCLUSIVE,
    ).to_arrow()
    rows = rows.rename_columns([source.field_mapping.get(name, name) for name in rows.column_names])
    for batch in rows.combine_chunks().to_batches(max_chunksize=BATCH):
        values = _convert_arrow_to_proto(batch, view, keys)
        provider.online_write_batch(store.config, view, values, None)
    return int(rows.num_rows)
