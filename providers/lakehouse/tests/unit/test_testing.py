from pathlib import Path

import pytest
from lakehouse_contract import LakehouseContract

from shamal.providers.lakehouse.testing import FakeLakehouseHook


class TestFake(LakehouseContract):
    @pytest.fixture
    def hook(self, tmp_path: Path) -> FakeLakehouseHook:
        return FakeLakehouseHook(tmp_path / "staging")
