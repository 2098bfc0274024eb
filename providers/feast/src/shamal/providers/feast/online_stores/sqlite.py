"""Feast's SQLite online store with writes by the thousand, which never go back in time."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from feast.feature_view import FeatureView  # noqa: TID253 - loaded by Feast only
from feast.infra.key_encoding_utils import serialize_entity_key  # noqa: TID253
from feast.infra.online_stores import sqlite as feast_sqlite  # noqa: TID253
from feast.infra.online_stores.helpers import extract_text_and_num  # noqa: TID253
from feast.repo_config import RepoConfig  # noqa: TID253
from feast.utils import to_naive_utc  # noqa: TID253

Row = tuple[Any, dict[str, Any], datetime, datetime | None]  # entity key, features, event and created timestamp

CACHE_KIB = 200_000  # keys arrive in no order: with SQLite's usual 2 MB, most inserts would read a page from disk


class SqliteOnlineStoreConfig(feast_sqlite.SqliteOnlineStoreConfig):  # type: ignore[misc]
    """Feast's settings of its SQLite store."""

    type: str = "shamal.providers.feast.online_stores.sqlite.SqliteOnlineStore"


class SqliteOnlineStore(feast_sqlite.SqliteOnlineStore):  # type: ignore[misc]
    """Reads and lays out tables as Feast's store does; only the write differs."""

    def online_write_batch(
        self,
        config: RepoConfig,
        table: FeatureView,
        data: list[Row],
        progress: Callable[[int], Any] | None,
    ) -> None:
        """Write all rows in one transaction; a value older than the stored one is left out.

        So a repeated or late interval (a backfill) never replaces a newer value.
        """
        name = feast_sqlite._table_id(config.project, table, config.registry.enable_online_feature_view_versioning)
        statement = (
            f"INSERT INTO {feast_sqlite._quote_id(name)} "  # noqa: S608 - Feast quotes the table's name
            "(entity_key, feature_name, value, value_text, event_ts, created_ts) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT(entity_key, feature_name) DO UPDATE SET value = excluded.value, "
            "value_text = excluded.value_text, event_ts = excluded.event_ts, created_ts = excluded.created_ts "
            "WHERE excluded.event_ts >= event_ts"
        )
        connection = self._get_conn(config)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        with connection:
            connection.executemany(statement, _values(config, data))
        if progress:
            progress(len(data))


def _values(config: RepoConfig, data: list[Row]) -> Iterator[tuple[Any, ...]]:
    """Return one tuple per entity and feature, as Feast's table keeps them."""
    for entity_key, features, event_time, created in data:
        key = serialize_entity_key(entity_key, config.entity_key_serialization_version)
        event, created_at = _seconds(event_time), created and _seconds(created)
        for feature, value in features.items():
            yield key, feature, value.SerializeToString(), extract_text_and_num(value, False)[0], event, created_at


def _seconds(moment: datetime) -> int:
    """Return the moment as Feast's adapter for SQLite writes it, converted once per row and not once per value."""
    return int(to_naive_utc(moment).timestamp())
