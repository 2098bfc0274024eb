"""A feature store that is no longer refreshed: nobody may get an answer from features older than their TTL."""

import sqlite3
import struct
import time
from contextlib import closing

from local.faults.outcome import Outcome
from local.faults.world import COLUMNS, World
from shamal.providers.triton.router.keyed import entity_key

KEY = "entity"
TTL_SECONDS = 3600
LASTS_SECONDS = 6.0
WATCH_SECONDS = 3.0
CREATE = (
    "CREATE TABLE rows (entity_key BLOB, feature_name TEXT, value BLOB, event_ts timestamp, "
    "PRIMARY KEY(entity_key, feature_name))"
)


def stale(world: World) -> Outcome:
    """Ask by key while the only row of the store passes its TTL; the declared behaviour is to refuse."""
    from tritonclient.utils import InferenceServerException

    champion = world.serve()
    store = world.scratch / "online.db"
    expires = _write_row(str(store))
    columns = [{"name": f"feature_{place}", "view": "rows", "missing": None} for place in range(COLUMNS)]
    view = {"table": "rows", "ttl_seconds": TTL_SECONDS, "keys": {"id": "STRING"}}
    document = {
        "store": str(store),
        "keys": ["id"],
        "on_missing": "refuse",
        "views": {"rows": view},
        "columns": columns,
    }
    world.triton.repository.write_features(world.model, champion, document)
    fresh = late = 0
    refused: float | None = None
    with world.traffic() as traffic:
        while (now := time.time()) < expires + WATCH_SECONDS:
            try:
                world.triton.infer(world.model, None, entity_id=[KEY])
            except InferenceServerException:
                refused = refused or (now if now > expires else None)
            else:
                fresh, late = fresh + (now <= expires), late + (now > expires)
            time.sleep(0.05)
    found = refused is not None and fresh > 0 and late == 0
    seconds = (refused or now) - expires
    stopped_by = "router: expired, refused" if found else None
    return Outcome("stale features", stopped_by, seconds, seconds, traffic.sent, traffic.lost, after_switch=late)


def _write_row(store: str) -> float:
    """Write one row as Feast's SQLite store lays it out, and return when it expires (Unix seconds)."""
    event = int(time.time() - TTL_SECONDS + LASTS_SECONDS)
    key = entity_key({"id": ("STRING", KEY)})
    # Field 5 of Feast's ValueProto is a double: tag 0x29, then 8 bytes, little-endian.
    value = b"\x29" + struct.pack("<d", 0.5)
    with closing(sqlite3.connect(store)) as database, database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(CREATE)
        rows = [(key, f"feature_{place}", value, event) for place in range(COLUMNS)]
        database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", rows)
    return event + float(TTL_SECONDS)
