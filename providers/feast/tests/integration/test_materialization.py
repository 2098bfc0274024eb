from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.feast import materialization
from shamal.providers.feast.hooks.feast import FeastHook

pytestmark = pytest.mark.integration

START = datetime(2013, 9, 1, tzinfo=UTC)
PROJECT = "flight_delays"


@pytest.mark.parametrize("batch", [7, 50, 20_000])
def test_every_key_of_the_interval_is_written_once_whatever_the_batch(
    batch: int, lake: Any, definitions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(materialization, "BATCH", batch)
    hook = FeastHook()
    hook.apply(definitions, PROJECT)
    store = hook.store(PROJECT)
    view = store.get_feature_view("flights")
    assert materialization.write_latest(store, view, START, START + timedelta(hours=50)) == 50
    served = hook.online_features(PROJECT, PROJECT, [{"flight_id": n} for n in range(51)])
    assert [row["distance"] for row in served[:50]] == [None if n % 7 == 0 else n * 1.5 for n in range(50)]
    assert [row["carrier"] for row in served[:50]] == [None if n % 11 == 0 else n % 5 for n in range(50)]
    assert served[50] == {"flight_id": 50, "distance": None, "carrier": None}
