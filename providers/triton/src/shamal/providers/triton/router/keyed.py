"""Finds the features of entity keys in Feast's online store, where a version's `features.json` says they lie.

The store is SQLite in WAL mode: reading waits for no writer and holds none up. Per view one table with a row for each
key and feature: `entity_key` (`entity_key` below), `feature_name`, `value` (a protobuf message with one field, see
`number`), `event_ts` (Unix seconds). All features of a key change in one transaction and are read in one statement.
"""

import json
import math
import sqlite3
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

OK, NEWER, EXPIRED, MISSING = STATUSES = ("ok", "newer", "expired", "missing")  # from best to worst
TYPES = {"STRING": 2, "INT32": 3, "INT64": 4}  # Feast's numbers of the types that a key may have
INTEGERS = {"INT32": "<i", "INT64": "<q"}
MOST_KEYS = 1_000  # per request: their lookup keeps every other request waiting
READ_EVERY_SECONDS = 2.0
WAIT_SECONDS = 0.05  # for a store that another process has locked whole


class KeysRefused(ValueError):
    """The request's keys cannot be answered for; the message says which, and what to send."""


class StoreUnavailable(RuntimeError):
    """The online store, or the file that says where it is, cannot be read; nothing is wrong with the keys."""


class Features(NamedTuple):
    """What was found for N keys.

    :param matrix: float32 [N, F]; what is missing is as in a training set: NaN, for codes 0.
    :param ages: float32 [N], seconds from the oldest feature's event time to the time asked for; NaN where unknown.
    :param statuses: per key the worst of its views: `ok`; `newer` (the store holds later values only), `expired` (older
        than the view's TTL) and `missing`, whose values are not in the matrix.
    """

    matrix: Any
    ages: Any
    statuses: list[str]


@dataclass(frozen=True)
class View:
    """One feature view's table.

    :param keys: (name, position among the request's keys, type), sorted by name as Feast stores them.
    :param ttl: greatest age in seconds that counts, edge included; None for ever.
    :param positions: column of the matrix by feature.
    """

    query: str
    keys: list[tuple[str, int, str]]
    ttl: float | None
    positions: dict[str, int]


@dataclass(frozen=True)
class Document:
    """The content of `features.json`.

    :param missing: float32 [F], the row of a key of which nothing is known.
    """

    store: str
    keys: list[str]
    impute: bool
    views: list[View]
    missing: Any

    @classmethod
    def from_json(cls, text: str) -> "Document":
        """Return the document in `text`.

        :raises ValueError: what in it is wrong.
        """
        try:
            data = json.loads(text)
            keys, columns = data["keys"], data["columns"]
            if data["on_missing"] not in ("refuse", "impute"):
                raise ValueError(f"on_missing {data['on_missing']!r} is neither refuse nor impute")
            views = []
            for name, view in data["views"].items():
                types = sorted(view["keys"].items())
                if not types or any(key not in keys or kind not in TYPES for key, kind in types):
                    raise ValueError(
                        f"view {name}: keys {view['keys']!r} are not {{one of {keys}: {' | '.join(TYPES)}}}"
                    )
                table = view["table"].replace('"', '""')
                positions = {column["name"]: at for at, column in enumerate(columns) if column["view"] == name}
                query = f'SELECT feature_name, value, event_ts FROM "{table}" WHERE entity_key = ?'  # noqa: S608 - quoted
                found = [(key, keys.index(key), kind) for key, kind in types]
                views.append(View(query, found, view["ttl_seconds"], positions))
            if not columns or sum(len(view.positions) for view in views) != len(columns):
                raise ValueError("each column needs a name of its own and one of the views")
            missing = [math.nan if column["missing"] is None else column["missing"] for column in columns]
            return cls(data["store"], keys, data["on_missing"] == "impute", views, np.array(missing, np.float32))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a description of features: {error!r}") from error


class OnlineFeatures:
    """Reads features by key for the versions of one model. Not for use by several threads.

    :param router: the router's folder; `features.json` lies in the version's, `<router>__v<n>`.
    """

    def __init__(self, router: Path) -> None:
        self._router = router
        self._documents: dict[int, tuple[float, int, Document]] = {}
        self._connections: dict[str, tuple[tuple[int, int], sqlite3.Connection]] = {}

    def lookup(self, version: int, entity_ids: Sequence[str], times: Sequence[float] | None = None) -> Features:
        """Return the features of the keys.

        :param version: whose columns and rules count.
        :param entity_ids: per row the keys joined with "/", in the order of `keys`; at most 1,000.
        :param times: Unix seconds at which each row is asked for: ages count until then, and what became known later
            does not count. None: now.
        :raises KeysRefused: the version takes no keys, one is malformed, or a row lacks features and the document
            says `refuse`.
        :raises StoreUnavailable: document or store cannot be read.
        """
        if len(entity_ids) > MOST_KEYS:
            raise KeysRefused(f"{len(entity_ids)} entity_ids in one request; send at most {MOST_KEYS:,}")
        document = self._document(version)
        matrix = np.tile(document.missing, (len(entity_ids), 1))
        ages, statuses = [], []
        now = time.time()
        connection = self._connection(document.store)
        try:
            for row, entity_id in enumerate(entity_ids):
                keys = _split(entity_id, document.keys)
                at = now if times is None else times[row]
                found = [
                    _fill(matrix[row], view, connection.execute(view.query, (_key(view, keys),)), at, times is None)
                    for view in document.views
                ]
                statuses.append(max((status for status, _ in found), key=STATUSES.index))
                ages.append(max((age for _, age in found if age is not None), default=math.nan))
        except (sqlite3.Error, struct.error) as error:
            self._close(document.store)
            raise StoreUnavailable(f"online store {document.store}: {error}; materialise the features again") from error
        if not document.impute:
            _refuse(entity_ids, statuses)
        return Features(matrix, np.array(ages, np.float32), statuses)

    def close(self) -> None:
        """Close the stores."""
        for store in list(self._connections):
            self._close(store)

    def _document(self, version: int) -> Document:
        now = time.monotonic()
        checked, modified, document = self._documents.get(version, (-math.inf, 0, None))
        if document is not None and now < checked + READ_EVERY_SECONDS:
            return document
        path = self._router.with_name(f"{self._router.name}__v{version}") / "features.json"
        try:
            found = path.stat().st_mtime_ns
            if document is None or found != modified:
                document = Document.from_json(path.read_text())
        except FileNotFoundError:
            raise KeysRefused(
                f"{self._router.name} version {version} takes no keys without features; send the input features"
            ) from None
        except (OSError, ValueError) as error:
            raise StoreUnavailable(f"{path}: {error}; release the version again") from error
        self._documents[version] = now, found, document
        return document

    def _connection(self, store: str) -> sqlite3.Connection:
        """Return a connection to the file that now has this name."""
        try:
            status = Path(store).stat()
            identity = status.st_dev, status.st_ino
            if store in self._connections and self._connections[store][0] != identity:
                self._close(store)
            if store not in self._connections:
                address = f"file:{quote(store)}?mode=ro"
                opened = sqlite3.connect(address, uri=True, timeout=WAIT_SECONDS, isolation_level=None)
                self._connections[store] = identity, opened
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailable(f"online store {store}: {error}; materialise the features") from error
        return self._connections[store][1]

    def _close(self, store: str) -> None:
        self._connections.pop(store)[1].close()


def entity_key(keys: Mapping[str, tuple[str, str | int]]) -> bytes:
    """Return an entity key as Feast serialises it (entity_key_serialization_version 3).

    Little-endian: the number of keys; each name with its type (string) and length; each value with type and length.

    :param keys: `{name: (type, value)}`, sorted by name.
    :raises struct.error: an integer is out of its type's range.
    """
    parts = [struct.pack("<I", len(keys))]
    for name in keys:
        encoded = name.encode()
        parts.append(struct.pack("<II", TYPES["STRING"], len(encoded)) + encoded)
    for kind, value in keys.values():
        content = str(value).encode() if kind == "STRING" else struct.pack(INTEGERS[kind], value)
        parts.append(struct.pack("<II", TYPES[kind], len(content)) + content)
    return b"".join(parts)


def number(value: bytes) -> float | None:
    """Return the number in a serialised feast.types.Value; None for a value that is not set.

    The first byte is field number * 8 + wire type (https://protobuf.dev/programming-guides/encoding): int32 3, int64 4
    and bool 7 are varints, double 5 has 8 bytes, float 6 has 4.

    :raises StoreUnavailable: it is of another type.
    """
    if not value:
        return None
    if value[0] == 0x29:
        return float(struct.unpack("<d", value[1:])[0])
    if value[0] == 0x35:
        return float(struct.unpack("<f", value[1:])[0])
    if value[0] in (0x18, 0x20, 0x38):
        whole = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(value[1:]))
        return float(whole - (1 << 64) if whole >> 63 else whole)
    raise StoreUnavailable(f"a stored value has protobuf field {value[0] >> 3}, which is no number; deploy again")


def _split(entity_id: str, keys: list[str]) -> list[str]:
    parts = [entity_id] if len(keys) == 1 else entity_id.split("/")
    if len(parts) != len(keys):
        raise KeysRefused(f"entity_id {entity_id!r} is not {'/'.join(keys)}")
    return parts


def _key(view: View, parts: list[str]) -> bytes:
    try:
        values = {name: (kind, parts[at] if kind == "STRING" else int(parts[at])) for name, at, kind in view.keys}
        return entity_key(values)
    except (ValueError, struct.error):
        wanted = ", ".join(f"{name} {kind}" for name, _, kind in view.keys)
        raise KeysRefused(f"entity_id {'/'.join(parts)!r} does not hold {wanted}") from None


def _fill(row: Any, view: View, stored: Any, at: float, is_now: bool) -> tuple[str, float | None]:
    """Write what is known of one key into its row of the matrix; return status and age."""
    found = {name: (value, event) for name, value, event in stored if name in view.positions}
    if not found:
        return MISSING, None
    age = at - min(event for _, event in found.values())
    if view.ttl is not None and age > view.ttl:
        return EXPIRED, age
    if age < 0 and not is_now:
        return NEWER, age
    for name, (value, _) in found.items():
        known = number(value)
        if known is not None:
            row[view.positions[name]] = known
    return (OK if len(found) == len(view.positions) else MISSING), age


def _refuse(entity_ids: Sequence[str], statuses: list[str]) -> None:
    wrong = [(entity_id, status) for entity_id, status in zip(entity_ids, statuses, strict=True) if status != OK]
    if wrong:
        named = ", ".join(f"{entity_id!r} {status}" for entity_id, status in wrong[:3])
        raise KeysRefused(
            f"features of {len(wrong)} of {len(statuses)} keys are not there: {named}; send the input features"
        )
