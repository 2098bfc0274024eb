from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.model_spec import Features, load_model
from include.watch_window import write_window

MODEL = load_model("flight_delays").model_copy(
    update={
        "features": Features(
            service="two", keys=["carrier", "number"], numerical=["distance"], categorical={"origin": 4}
        )
    }
)
NIGHT = datetime(2013, 4, 1, tzinfo=UTC)
START = NIGHT - timedelta(days=31)


def flight(number: int, at: datetime, late: bool | None) -> dict[str, Any]:
    return {"carrier": "UA", "number": number, "event_timestamp": at, "late": late}


def prediction(number: int, at: datetime, score: float, asked: int = 0) -> dict[str, Any]:
    return {
        "entity_id": f"UA/{number}",
        "event_timestamp": at,
        "time": at + timedelta(minutes=asked),
        "features": [float(number), 2.0],
        "score": score,
    }


@pytest.fixture
def tables(lake: Any) -> None:
    import pyarrow as pa

    time = pa.timestamp("us", "UTC")
    published = pa.Table.from_pylist(
        [flight(1, START, True), flight(2, START, None)],
        pa.schema({"carrier": pa.string(), "number": pa.int64(), "event_timestamp": time, "late": pa.bool_()}),
    )
    predictions = pa.Table.from_pylist(
        [
            prediction(1, START, 0.1),
            prediction(1, START, 0.7, asked=5),
            prediction(2, START, 0.2),
            prediction(3, NIGHT - timedelta(microseconds=1), 0.3),
            prediction(4, NIGHT, 0.4),
            prediction(5, START - timedelta(microseconds=1), 0.5),
        ],
        pa.schema(
            {
                "entity_id": pa.string(),
                "event_timestamp": time,
                "time": time,
                "features": pa.list_(pa.float32()),
                "score": pa.float32(),
            }
        ),
    )
    for name, rows in ((MODEL.published_table, published), ("flight_delays.predictions", predictions)):
        lake.create_table(name, schema=rows.schema).append(rows)


@pytest.fixture
def champion(tmp_path: Path) -> dict[str, str]:
    """A model that adds up its features, with the three rows it learned from."""
    import onnx
    import pyarrow as pa
    import pyarrow.parquet as pq
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("ReduceSum", ["features", "axes"], ["score"], keepdims=0)],
        "sum",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [None])],
        [helper.make_tensor("axes", TensorProto.INT64, [1], [1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.save(model, tmp_path / "model.onnx")
    learned = {"origin": [1, 2, 3], "distance": [10.0, 20.0, None], "late": [True, False, True], "number": [1, 2, 3]}
    pq.write_table(pa.table(learned), tmp_path / "train.parquet")
    return {"path": str(tmp_path), "training_set": str(tmp_path)}


@pytest.mark.usefixtures("tables")
def test_the_window_holds_the_newest_prediction_of_each_flight_with_its_label_where_known(
    champion: dict[str, str], tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    written = write_window(MODEL, "2013-04-01", champion, str(tmp_path / "output"))
    assert (written["start"], written["end"], written["rows"]) == ("2013-03-01", "2013-04-01", 3)
    rows = sorted(pq.read_table(written["current"]).to_pylist(), key=lambda row: row["distance"])
    assert [row["score"] for row in rows] == pytest.approx([0.7, 0.2, 0.3])
    assert [row["late"] for row in rows] == [True, None, None]
    assert [(row["distance"], row["origin"]) for row in rows] == [(1, 2), (2, 2), (3, 2)]


@pytest.mark.usefixtures("tables")
def test_the_reference_is_what_the_champion_learned_from_scored_by_the_champion(
    champion: dict[str, str], tmp_path: Path
) -> None:
    import math

    import pyarrow.parquet as pq

    reference = pq.read_table(write_window(MODEL, "2013-04-01", champion, str(tmp_path / "output"))["reference"])
    assert reference.column_names == ["distance", "origin", "late", "score"]
    scores = reference["score"].to_pylist()
    assert scores[:2] == [11, 22]
    assert math.isnan(scores[2])


@pytest.mark.usefixtures("tables")
def test_a_second_attempt_writes_the_same_files(champion: dict[str, str], tmp_path: Path) -> None:
    first, second = (write_window(MODEL, "2013-04-01", champion, str(tmp_path / "output")) for _ in range(2))
    assert first == second
    assert sorted(path.name for path in (tmp_path / "output").iterdir()) == ["current.parquet", "reference.parquet"]
