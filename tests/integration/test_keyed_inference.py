"""Features found by key are those of Feast and of the training set: the router's reader against the real stores."""

import hashlib
import json
import math
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # noqa: TID253 - a test
import pyarrow.parquet as pq  # noqa: TID253 - a test
import pytest
import requests
from tritonclient.utils import InferenceServerException  # noqa: TID253 - a test

from shamal.providers.feast.hooks.feast import FeastHook
from shamal.providers.feast.training_set import TrainingSetSpec
from shamal.providers.triton.errors import InvalidDeployment
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.operators.deploy import DeployModelOperator
from shamal.providers.triton.operators.route import RouteTrafficOperator
from shamal.providers.triton.router.keyed import OnlineFeatures, entity_key

pytestmark = pytest.mark.integration

# Recent: Feast counts ages until now. The ten minutes keep every age away from the TTL's edge.
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=41, minutes=10)
END = START + timedelta(days=3)
PROJECT = "trips"
KEYS = ["trip", "stop"]
COLUMNS = ["load", "rain", "delay", "distance", "line"]
DEFINITIONS = """
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field
from feast.types import Bool, Float32, Float64, Int32, Int64
from feast.value_type import ValueType

from shamal.providers.feast.sources import IcebergTableSource

trip = Entity(name="trip", join_keys=["trip"], value_type=ValueType.STRING)
stop = Entity(name="stop", join_keys=["stop"], value_type=ValueType.INT64)
trips = FeatureView(
    name="trips",
    entities=[trip],
    ttl=timedelta(days=30),
    schema=[Field(name="distance", dtype=Float64), Field(name="line", dtype=Int32), Field(name="rain", dtype=Bool)],
    source=IcebergTableSource(table="trips.trips", timestamp_field="event_timestamp"),
)
visits = FeatureView(
    name="visits",
    entities=[trip, stop],
    ttl=timedelta(hours=4),
    schema=[Field(name="delay", dtype=Float32), Field(name="load", dtype=Int64)],
    source=IcebergTableSource(table="trips.visits", timestamp_field="event_timestamp"),
)
service = FeatureService(name="trips_v1", features=[trips, visits])
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="module")
def hook(lake: Path) -> Iterator[FeastHook]:
    """Feast over a scratch lake: 40 trips, each stop visited some hours after its trip became known."""
    from pyiceberg.catalog import load_catalog

    from shamal.providers.feast.iceberg import CATALOG

    extra = {
        "registry": str(lake / "feast/registry.db"),
        "online_store": str(lake / "feast/online.db"),
        "catalog_type": "sql",
        "catalog_uri": f"sqlite:///{lake}/catalog.db",
        "warehouse": f"file://{lake}/warehouse",
    }
    catalog = load_catalog(CATALOG, type="sql", uri=extra["catalog_uri"], warehouse=extra["warehouse"])
    catalog.create_namespace("trips")
    moments = [START + timedelta(hours=n) for n in range(40)]
    tables = {
        "trips": {
            "trip": pa.array([f"t{n}é" for n in range(40)]),
            "distance": pa.array([None if n % 7 == 0 else n * -1.1 for n in range(40)], pa.float64()),
            "line": pa.array([None if n % 9 == 0 else n % 5 for n in range(40)], pa.int32()),
            "rain": pa.array([None if n % 8 == 0 else n % 2 == 0 for n in range(40)], pa.bool_()),
        },
        "visits": {
            "trip": pa.array([f"t{n}é" for n in range(40)]),
            "stop": pa.array([n - 20 for n in range(40)], pa.int64()),
            "delay": pa.array([None if n % 6 == 0 else n / 3 for n in range(40)], pa.float32()),
            "load": pa.array([None if n % 5 == 0 else (n - 20) * 10**6 for n in range(40)], pa.int64()),
        },
        # What is asked: each trip and stop 0 to 7 hours later; the visits' features expire after 4.
        "asked": {
            "trip": pa.array([f"t{n}é" for n in range(40)]),
            "stop": pa.array([n - 20 for n in range(40)], pa.int64()),
            "late": pa.array([n % 3 == 0 for n in range(40)]),
        },
    }
    for name, columns in tables.items():
        times = [moment + timedelta(hours=n % 8 if name == "asked" else 0) for n, moment in enumerate(moments)]
        rows = pa.table({**columns, "event_timestamp": pa.array(times, pa.timestamp("us", "UTC"))})
        catalog.create_table(f"trips.{name}", schema=rows.schema).append(rows)
    definitions = lake / "features.py"
    definitions.write_text(DEFINITIONS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_FEAST_KEYED", json.dumps({"conn_type": "shamal_feast", "extra": extra}))
        hook = FeastHook("feast_keyed")
        hook.apply(definitions, PROJECT)
        hook.materialize(PROJECT, None, START, END)
        yield hook


@pytest.fixture
def online(hook: FeastHook, tmp_path: Path) -> Iterator[OnlineFeatures]:
    folder = tmp_path / "trips__v1"
    folder.mkdir()
    (folder / "features.json").write_text(json.dumps(described(hook)))
    online = OnlineFeatures(tmp_path / "trips")
    yield online
    online.close()


def described(hook: FeastHook, on_missing: Any = "impute") -> dict[str, Any]:
    return hook.serving_features(
        PROJECT, "trips_v1", keys=KEYS, columns=COLUMNS, categorical={"line": 5}, on_missing=on_missing
    )


def test_a_key_is_serialised_as_feast_does() -> None:
    from feast.infra.key_encoding_utils import serialize_entity_key
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

    ours = {"a": ("INT32", -3), "b": ("STRING", "é/x"), "c": ("INT64", 2**40)}
    feasts = EntityKey(
        join_keys=["c", "a", "b"],
        entity_values=[Value(int64_val=2**40), Value(int32_val=-3), Value(string_val="é/x")],
    )
    assert entity_key(ours) == serialize_entity_key(feasts, entity_key_serialization_version=3)


def test_the_router_finds_what_feast_serves(hook: FeastHook, online: OnlineFeatures) -> None:
    entities = [{"trip": f"t{n}é", "stop": n - 20} for n in range(41)]
    served = hook.online_features(PROJECT, "trips_v1", entities)
    found = online.lookup(1, [f"{entity['trip']}/{entity['stop']}" for entity in entities])
    expected = [[as_float(row, column) for column in COLUMNS] for row in served]
    np.testing.assert_array_equal(found.matrix, np.array(expected, np.float32))
    assert found.statuses == ["expired"] * 38 + ["ok"] * 2 + ["missing"]


def test_the_router_finds_what_the_model_was_trained_on(
    hook: FeastHook, online: OnlineFeatures, tmp_path: Path
) -> None:
    spec = TrainingSetSpec("trips.asked", KEYS, "late", {"line": 5}, START, START + timedelta(hours=20), END)
    hook.write_training_set(PROJECT, "trips_v1", spec, tmp_path / "set")
    rows = pa.concat_tables(pq.read_table(tmp_path / f"set/{part}.parquet") for part in ("train", "evaluation"))
    asked = rows.to_pylist()
    found = online.lookup(
        1, [f"{row['trip']}/{row['stop']}" for row in asked], [row["event_timestamp"].timestamp() for row in asked]
    )
    assert len(asked) == 40
    expected = [[as_float(row, column) for column in COLUMNS] for row in asked]
    np.testing.assert_array_equal(found.matrix, np.array(expected, np.float32))
    hours = [(row["event_timestamp"] - START).total_seconds() / 3600 - row["stop"] - 20 for row in asked]
    assert found.ages.tolist() == [hour * 3600 for hour in hours]
    assert found.statuses == ["expired" if hour > 4 else "ok" for hour in hours]


def as_float(row: dict[str, Any], column: str) -> float:
    """Return a value as the model's matrix holds it: code 0 (unknown) for a missing category, NaN for the others."""
    value = row[column]
    return float(value) if value is not None else (0 if column == "line" else math.nan)


@pytest.fixture
def model(airflow_connections: Any, hook: FeastHook, tmp_path: Path) -> Iterator[str]:
    """Serve a model of the five columns on the real Triton, and no features yet."""
    triton, name = TritonHook(), f"it_{uuid.uuid4().hex[:8]}"
    try:
        DeployModelOperator(task_id="deploy", model=name, version=1, **trained(tmp_path)).execute({})
        RouteTrafficOperator(task_id="route", model=name, version=1).execute({})
        yield name
    finally:
        triton.unload(name)
        for version in triton.repository.versions(name):
            triton.unload(f"{name}__v{version}")
            triton.repository.remove_version(name, version)
        if (triton.repository.root / name).exists():
            triton.repository.remove_router(name)
            triton.repository.approve()


def trained(folder: Path) -> dict[str, Any]:
    """Write a logistic model that takes NaN for 0; return the arguments of DeployModelOperator."""
    from onnx import TensorProto, helper, numpy_helper

    weights = np.array([[1e-7], [0.5], [0.3], [0.1], [-0.4]], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("IsNaN", ["features"], ["unknown"]),
            helper.make_node("Where", ["unknown", "zero", "features"], ["known"]),
            helper.make_node("MatMul", ["known", "weights"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["column"]),
            helper.make_node("Reshape", ["column", "flat"], ["score"]),
        ],
        "logistic",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", len(COLUMNS)])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array(0, np.float32), "zero"),
            numpy_helper.from_array(np.array([-1]), "flat"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx, golden = folder / "model.onnx", folder / "golden.json"
    onnx.write_bytes(made.SerializeToString())
    golden.write_text(json.dumps({"inputs": [[0.0] * len(COLUMNS)], "scores": [0.5]}))
    return {"path": str(folder), "sha256": hashlib.sha256(onnx.read_bytes()).hexdigest(), "golden": str(golden)}


def wait_for(triton: TritonHook, model: str, status: str, entity: str) -> None:
    """Wait until the router has taken note of a new document."""
    deadline, refused = time.monotonic() + 10, None
    while time.monotonic() < deadline:
        try:
            if statuses(triton.infer(model, None, entity_id=[entity], log=False)) == [status]:
                return
        except InferenceServerException as error:
            refused = error
        time.sleep(0.1)
    pytest.fail(f"{model} does not answer {status} for {entity}; last refusal: {refused}")


def statuses(answer: dict[str, Any]) -> list[str]:
    return [status.decode() for status in answer["features_status"]]


def test_a_served_model_answers_by_key_as_with_the_features(
    model: str, hook: FeastHook, online: OnlineFeatures
) -> None:
    triton = TritonHook()
    with pytest.raises(InferenceServerException, match=f"{model} version 1 takes no keys without features"):
        triton.infer(model, None, entity_id=["t39é/19"])
    with pytest.raises(InferenceServerException, match="neither features nor entity_id is given"):
        triton.infer(model, None, event_timestamp=[1])
    triton.repository.write_features(model, 1, described(hook, "impute"))
    wait_for(triton, model, "ok", "t39é/19")
    entities = [f"t{n}é/{n - 20}" for n in range(41)]
    found = online.lookup(1, entities)
    for protocol in ("rest", "grpc"):
        by_key = triton.infer(model, None, entity_id=entities, protocol=protocol)
        sent = triton.infer(model, found.matrix, entity_id=entities, protocol=protocol)
        np.testing.assert_array_equal(by_key["score"], sent["score"])
        assert statuses(by_key) == found.statuses
        np.testing.assert_allclose(by_key["features_age_s"], found.ages, atol=60)
        assert "features_status" not in sent, "features that the client sends are its own affair"
    keys = {"name": "entity_id", "shape": [1], "datatype": "BYTES", "data": [entities[39]]}
    plain = requests.post(f"http://{triton.address}/v2/models/{model}/infer", json={"inputs": [keys]}, timeout=10)
    outputs = {output["name"]: output["data"] for output in plain.json()["outputs"]}
    assert outputs["score"] == pytest.approx([by_key["score"][39]])
    assert outputs["features_status"] == ["ok"]
    rows = logged(triton, model, 4 * len(entities) + 1)
    assert {len(row["features"]) for row in rows} == {len(COLUMNS)}
    assert len({json.dumps(row["features"]) for row in rows if row["entity_id"] == entities[39]}) == 1


def test_what_a_missing_or_expired_row_means_is_what_was_declared(model: str, hook: FeastHook) -> None:
    triton = TritonHook()
    triton.repository.write_features(model, 1, described(hook, "refuse"))
    wait_for(triton, model, "ok", "t39é/19")
    for entity, status in (("t40é/20", "missing"), ("t0é/-20", "expired")):
        with pytest.raises(InferenceServerException, match=f"1 of 2 keys are not there: '{entity}' {status}"):
            triton.infer(model, None, entity_id=["t39é/19", entity])
    asked = int((START + timedelta(hours=2)).timestamp() * 1e6)
    past = triton.infer(model, None, entity_id=["t0é/-20"], event_timestamp=[asked])
    assert (statuses(past), past["features_age_s"].tolist()) == (["ok"], [7200.0])
    with pytest.raises(InferenceServerException, match="'t39é/19' newer"):
        triton.infer(model, None, entity_id=["t39é/19"], event_timestamp=[asked])
    with pytest.raises(InferenceServerException, match="entity_id 't39é' is not trip/stop"):
        triton.infer(model, None, entity_id=["t39é"])
    triton.repository.write_features(model, 1, described(hook, "impute"))
    wait_for(triton, model, "missing", "t40é/20")
    imputed = triton.infer(model, None, entity_id=["t40é/20"])
    assert imputed["score"].tolist() == [0.5]
    assert math.isnan(imputed["features_age_s"][0])


def test_a_candidate_answers_its_share_by_key_too(model: str, hook: FeastHook, tmp_path: Path) -> None:
    triton = TritonHook()
    DeployModelOperator(task_id="deploy", model=model, version=2, **trained(tmp_path)).execute({})
    triton.repository.write_features(model, 1, described(hook, "impute"))
    wait_for(triton, model, "ok", "t39é/19")
    before = triton.repository.route(model)
    shared = replace(before, weights={1: 0.5, 2: 0.5}, expires=time.time() + 25)
    triton.repository.write_route(model, before, shared, triton.prediction_log, triton.prediction_log_seconds)
    time.sleep(1)
    entities = [f"t{n}é/{n - 20}" for n in range(41)]
    answer = triton.infer(model, None, entity_id=entities)
    assert set(answer["model_version"].tolist()) == {1, 2}
    assert statuses(answer) == ["expired"] * 38 + ["ok"] * 2 + ["missing"]


def test_requests_go_on_while_features_are_written_locked_or_away(model: str, hook: FeastHook, lake: Path) -> None:
    triton, store = TritonHook(), lake / "feast/online.db"
    triton.repository.write_features(model, 1, described(hook, "refuse"))
    wait_for(triton, model, "ok", "t39é/19")
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE trips_visits SET event_ts = 0")
        assert statuses(triton.infer(model, None, entity_id=["t39é/19"])) == ["ok"]
        writer.execute("ROLLBACK")
    aside = store.rename(store.with_name("aside.db"))
    away = r"online store .*online\.db: .*materialise the features"
    with pytest.raises(InferenceServerException, match=away) as refused:
        triton.infer(model, None, entity_id=["t39é/19"])
    assert refused.value.status() == "503"
    assert triton.infer(model, np.zeros((1, len(COLUMNS))))["score"].tolist() == [0.5]
    aside.rename(store)
    assert statuses(triton.infer(model, None, entity_id=["t39é/19"])) == ["ok"]


def test_a_document_that_the_router_could_not_read_is_not_written(model: str, hook: FeastHook) -> None:
    repository = TritonHook().repository
    wrong = described(hook) | {"on_missing": "ignore"}
    with pytest.raises(InvalidDeployment, match=f"features of {model} version 1: on_missing 'ignore' is neither"):
        repository.write_features(model, 1, wrong)
    assert not (repository.version_folder(model, 1) / "features.json").exists()


def logged(triton: TritonHook, model: str, expected: int) -> list[dict[str, Any]]:
    """Return the rows of the model's prediction log, waiting for its last segment."""
    deadline = time.monotonic() + 10
    while True:
        segments = (triton.prediction_log / model).glob("*.jsonl")
        rows = [json.loads(line) for segment in segments for line in segment.read_text().splitlines()]
        if len(rows) >= expected or time.monotonic() > deadline:
            assert len(rows) == expected
            return rows
        time.sleep(0.2)
