"""The real hook on a real catalog: the contract, and what a crash leaves."""

import multiprocessing
import os
import signal
from pathlib import Path
from unittest.mock import patch

import pytest
from lakehouse_contract import FEBRUARY, JANUARY, TABLE, LakehouseContract, content, rows, stage

from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook

pytestmark = pytest.mark.integration


class TestLakehouseHook(LakehouseContract):
    @pytest.fixture
    def hook(self, lake: Path) -> LakehouseHook:
        return LakehouseHook()


def _stage_and_die() -> None:
    """Die by SIGKILL between the upload of the data files and the swap of the metadata."""
    hook = LakehouseHook()
    with patch.object(hook.catalog, "commit_table", lambda *_: os.kill(os.getpid(), signal.SIGKILL)):
        _ = hook.table(TABLE)
        stage(hook, FEBRUARY, rows(2))


def test_a_stage_killed_before_its_commit_leaves_main_readable_and_is_cleaned_up(lake: Path) -> None:
    hook = LakehouseHook()
    stage(hook, JANUARY, rows(1))
    hook.publish(TABLE, "staged")
    before = content(hook)
    child = multiprocessing.get_context("spawn").Process(target=_stage_and_die)
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    assert content(LakehouseHook()) == before
    assert list((lake / "staging" / TABLE).glob("*/*")), "the killed attempt left its folder"

    stage(LakehouseHook(), FEBRUARY, rows(2))
    hook.publish(TABLE, "staged")
    assert len(content(hook)) == 6
    assert not [path for path in (lake / "staging" / TABLE).iterdir() if path.is_dir()]
    data = [path for path in (lake / "warehouse").rglob("*.parquet") if str(FEBRUARY) in str(path)]
    assert len(data) == 1
