"""Feast's file registry, replaced as a whole: a reader or a crash sees the old one or the new one."""

import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

from feast.infra.registry.file import FileRegistryStore  # noqa: TID253 - loaded by Feast only
from feast.protos.feast.core.Registry_pb2 import Registry as RegistryProto  # noqa: TID253


class AtomicFileRegistryStore(FileRegistryStore):  # type: ignore[misc]
    """Writes beside the registry and renames, where Feast's own store truncates the file and writes into it."""

    def _write_registry(self, registry_proto: RegistryProto) -> None:
        registry_proto.version_id = str(uuid.uuid4())
        registry_proto.last_updated.FromDatetime(datetime.now(UTC))
        target = Path(self._filepath)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        with partial.open("wb") as file:
            file.write(registry_proto.SerializeToString())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
