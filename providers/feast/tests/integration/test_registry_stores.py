from pathlib import Path

import pytest

pytestmark = pytest.mark.integration


def test_a_failed_write_keeps_the_old_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from feast.protos.feast.core.Registry_pb2 import Registry
    from feast.repo_config import RegistryConfig

    from shamal.providers.feast import registry_stores

    store = registry_stores.AtomicFileRegistryStore(RegistryConfig(path=str(tmp_path / "r.db")), tmp_path)
    store.update_registry_proto(Registry())
    before = (tmp_path / "r.db").read_bytes()

    def no_space(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(registry_stores.os, "fsync", no_space)
    with pytest.raises(OSError, match="no space"):
        store.update_registry_proto(Registry())
    assert (tmp_path / "r.db").read_bytes() == before
