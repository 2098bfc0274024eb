"""The whole path on a real Feast, a real Iceberg catalog and a real SQLite online store."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from shamal.providers.feast.hooks.feast import FeastHook
from shamal.providers.feast.operators.feast import FeastTrainingSetOperator

START = __import__("datetime").datetime(2013, 9, 1, tzinfo=__import__("datetime").UTC)

pytestmark = pytest.mark.integration


def test_a_first_try(lake: Any, definitions: Path, tmp_path: Path):
    hook = FeastHook()
    print(hook.apply(definitions, "flight_delays"))
    before = hook.store("flight_delays").registry.proto().SerializeToString(deterministic=True)
    print(hook.apply(definitions, "flight_delays"))
    after = hook.store("flight_delays").registry.proto()
    print(hook.materialize("flight_delays", None, START, START + timedelta(hours=50)))
    print(hook.materialize("flight_delays", None, START, START + timedelta(hours=50)))
    store = hook.store("flight_delays")
    print(store.get_feature_view("flights").materialization_intervals, store.get_feature_view("flights").state)
    print(hook.apply(definitions, "flight_delays"))
    store = hook.store("flight_delays")
    print(store.get_feature_view("flights").materialization_intervals, store.get_feature_view("flights").state)
    print(hook.online_features("flight_delays", "flight_delays", [{"flight_id": n} for n in (1, 7, 11, 49, 50)]))
    op = FeastTrainingSetOperator(task_id="x", project="flight_delays", entity_table="flight_delays.features", keys=["flight_id"], label="late", feature_service="flight_delays", categorical={"carrier": 5}, start="2013-09-01", split="2013-09-03", end="2013-09-05", output=str(tmp_path / "ts"))
    print(op.execute({}))
    print(op.execute({}))
    print(json.loads((tmp_path / "ts/training_set.json").read_text()))
    print(pq.read_table(tmp_path / "ts/train.parquet").slice(0, 5).to_pylist(), pq.read_schema(tmp_path / "ts/train.parquet"))
