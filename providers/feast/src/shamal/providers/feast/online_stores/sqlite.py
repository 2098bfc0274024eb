"""Feast's SQLite online store: writes by the thousand, never back in time; reads beside them, within the TTL."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from feast.feature_view import FeatureView  # noqa: TID253 - loaded by Feast only
from feast.infra.key_encoding_utils import serialize_entity_key  # noqa: TID253
from feast.infra.online_stores import sqlite as feast_sqlite  # noqa: TID253
from feast.infra.online_stores.helpers import extract_text_and_num  # noqa: TID253
from feast.protos.feast.types.EntityKey_pb2 import EntityKey  # noqa: TID253
from feast.repo_config import RepoConfig  # noqa: TID253

Row = tuple[Any, dict[str, Any], datetime, datetime | None]  # entity key, features, event and created timestamp

CACHE_KIB = 200_000  # keys arrive in no order: with SQLite's usual 2 MB, most inserts would read a page from disk


class SqliteOnlineStoreConfig(feast_sqlite.SqliteOnlineStoreConfig):  # type: ignore[misc]
    """Feast's settings of its SQLite store."""

    type: str = "shamal.providers.feast.online_stores.sqlite.SqliteOnlineStore"


class SqliteOnlineStore(feast_sqlite.SqliteOnlineStore):  # type: ignore[misc]
    """Lays out tables as Feast's store does: per key and feature a ValueProto and its event time in Unix seconds.

    The router of the served model reads the same file, so it is in SQLite's WAL mode: neither waits for the other.
    """

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
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        with connection:
            connection.executemany(statement, _values(config, data))
        # The file alone then holds everything: it can be copied or replaced without the log beside it.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if progress:
            progress(len(data))

    def online_read(
        self,
        config: RepoConfig,
        table: FeatureView,
        entity_keys: list[EntityKey],
        requested_features: list[str] | None = None,
    ) -> list[tuple[datetime | None, dict[str, Any] | None]]:
        """Return event time and features per key; (None, None) for a key without a row within the view's TTL.

        Feast 0.67 itself serves rows of any age.
        """
        now = datetime.now(UTC)
        rows = super().online_read(config, table, entity_keys, requested_features)
        times = [_utc(event) for event, _ in rows]
        return [
            (None, None) if time is None or (table.ttl and now - time > table.ttl) else (time, features)
            for time, (_, features) in zip(times, rows, strict=True)
        ]


def _values(config: RepoConfig, data: list[Row]) -> Iterator[tuple[Any, ...]]:
    """Return one tuple per entity and feature, as Feast's table keeps them."""
    for entity_key, features, event_time, created in data:
        key = serialize_entity_key(entity_key, config.entity_key_serialization_version)
        event, created_at = _seconds(event_time), created and _seconds(created)
        for feature, value in features.items():
            yield key, feature, value.SerializeToString(), extract_text_and_num(value, False)[0], event, created_at


def _seconds(moment: datetime) -> int:
    """Return Unix seconds of a moment (UTC where it names no zone), converted once per row and not once per value.

    Feast's own adapter takes UTC for local time, which is another moment wherever the machine is not on UTC.
    """
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _utc(read: datetime | None) -> datetime | None:
    """Return the moment that Feast's converter read: it turns Unix seconds into local time and calls that UTC."""
    return read and datetime.fromtimestamp(read.replace(tzinfo=None).timestamp(), UTC)
