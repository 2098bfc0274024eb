"""Asks the served model about real flights, over REST and gRPC, as a client of the airline would."""

import math
import threading
from collections.abc import Callable
from typing import Any

import requests

from include.model_spec import ModelSpec
from local.demo.plan import Month
from local.lake import open_table
from local.settings import Settings

BATCH = 250


def flights_of(settings: Settings, model: ModelSpec, month: Month, limit: int) -> list[dict[str, Any]]:
    """Return published rows of a month, spread evenly over it: key, event time, features and the truth.

    :param limit: at most this many rows.
    """
    import duckdb

    days = f"event_timestamp >= '{month.first}T00:00:00+00:00' AND event_timestamp <= '{month.last}T23:59:59+00:00'"
    published = open_table(settings, model.published_table).scan(row_filter=days).to_arrow()
    with duckdb.connect() as database:
        database.register("published", published)
        keys = ", ".join(model.features.keys)
        query = f"SELECT * FROM published WHERE {model.label} IS NOT NULL ORDER BY hash({keys}) LIMIT {limit}"  # noqa: S608 - names of a checked spec
        rows: list[dict[str, Any]] = database.sql(query).to_arrow_table().to_pylist()
    return rows


def ask_rest(settings: Settings, model: ModelSpec, flights: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the answer of one REST request with the flights' features, by output."""
    columns = len(model.features.columns)
    features = [_features(model, flight) for flight in flights]
    return _post(settings, model, [_tensor("features", "FP32", features, columns), *_named(model, flights)])


def ask_by_key(settings: Settings, model: ModelSpec, flights: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the answer of one REST request with the flights' keys only: the router finds the features itself."""
    return _post(settings, model, _named(model, flights))


def _named(model: ModelSpec, flights: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        _tensor("entity_id", "BYTES", [_entity(model, flight) for flight in flights]),
        _tensor("event_timestamp", "INT64", [_microseconds(flight) for flight in flights]),
    ]


def _tensor(name: str, datatype: str, data: list[Any], *columns: int) -> dict[str, Any]:
    return {"name": name, "shape": [len(data), *columns], "datatype": datatype, "data": data}


def _post(settings: Settings, model: ModelSpec, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    url = f"http://127.0.0.1:{settings['SHAMAL_TRITON_HTTP_PORT']}/v2/models/{model.name}/infer"
    answer = requests.post(url, json={"inputs": inputs}, timeout=30)
    answer.raise_for_status()
    return {output["name"]: output["data"] for output in answer.json()["outputs"]}


def ask_grpc(settings: Settings, model: ModelSpec, flights: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the answers of gRPC requests of up to 250 flights each, in the flights' order."""
    from tritonclient import grpc

    outputs: dict[str, list[Any]] = {"score": [], "model_version": [], "prediction_id": []}
    with grpc.InferenceServerClient(f"127.0.0.1:{settings['SHAMAL_TRITON_GRPC_PORT']}") as client:
        for first in range(0, len(flights), BATCH):
            answer = client.infer(model.name, _inputs(grpc, model, flights[first : first + BATCH]))
            for name, values in outputs.items():
                values.extend(answer.as_numpy(name).tolist())
    return outputs


def asker(settings: Settings, model: ModelSpec, flights: list[dict[str, Any]]) -> Callable[[int], int]:
    """Return a function that asks about one flight after the other over gRPC and returns the version that answered."""
    import numpy as np
    from tritonclient import grpc

    own = threading.local()

    def ask(number: int) -> int:
        if not hasattr(own, "client"):
            own.client = grpc.InferenceServerClient(f"127.0.0.1:{settings['SHAMAL_TRITON_GRPC_PORT']}")
        answer = own.client.infer(model.name, _inputs(grpc, model, [flights[number % len(flights)]]))
        if not np.isfinite(answer.as_numpy("score")).all():
            raise ValueError("the score is not a number")
        return int(answer.as_numpy("model_version")[0])

    return ask


def _inputs(client: Any, model: ModelSpec, flights: list[dict[str, Any]]) -> list[Any]:
    """Return the inputs of one request.

    :param client: tritonclient's module of the protocol.
    """
    import numpy as np

    arrays = {
        "features": (np.array([_features(model, flight) for flight in flights], np.float32), "FP32"),
        "entity_id": (np.array([_entity(model, flight).encode() for flight in flights], np.object_), "BYTES"),
        "event_timestamp": (np.array([_microseconds(flight) for flight in flights], np.int64), "INT64"),
    }
    inputs = []
    for name, (array, kind) in arrays.items():
        tensor = client.InferInput(name, array.shape, kind)
        tensor.set_data_from_numpy(array)
        inputs.append(tensor)
    return inputs


def _entity(model: ModelSpec, flight: dict[str, Any]) -> str:
    return "/".join(str(flight[key]) for key in model.features.keys)


def _features(model: ModelSpec, flight: dict[str, Any]) -> list[float]:
    values = (flight[column] for column in model.features.columns)
    return [math.nan if value is None else float(value) for value in values]


def _microseconds(flight: dict[str, Any]) -> int:
    return int(flight["event_timestamp"].timestamp() * 1_000_000)
