"""Asks the served model about real flights, over REST and gRPC, as a client of the airline would."""

import math
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
    """Return the answer of one REST request: lists of `score`, `model_version` and `prediction_id`."""
    features = [_features(model, flight) for flight in flights]
    body = {
        "inputs": [
            {
                "name": "features",
                "shape": [len(flights), len(model.features.columns)],
                "datatype": "FP32",
                "data": features,
            },
            {
                "name": "entity_id",
                "shape": [len(flights)],
                "datatype": "BYTES",
                "data": [_entity(model, flight) for flight in flights],
            },
            {
                "name": "event_timestamp",
                "shape": [len(flights)],
                "datatype": "INT64",
                "data": [_microseconds(flight) for flight in flights],
            },
        ]
    }
    url = f"http://127.0.0.1:{settings['SHAMAL_TRITON_HTTP_PORT']}/v2/models/{model.name}/infer"
    answer = requests.post(url, json=body, timeout=30)
    answer.raise_for_status()
    return {output["name"]: output["data"] for output in answer.json()["outputs"]}


def ask_grpc(settings: Settings, model: ModelSpec, flights: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the answers of gRPC requests of up to 250 flights each, in the flights' order."""
    import numpy as np
    from tritonclient import grpc

    outputs: dict[str, list[Any]] = {"score": [], "model_version": [], "prediction_id": []}
    with grpc.InferenceServerClient(f"127.0.0.1:{settings['SHAMAL_TRITON_GRPC_PORT']}") as client:
        for first in range(0, len(flights), BATCH):
            batch = flights[first : first + BATCH]
            arrays = {
                "features": np.array([_features(model, flight) for flight in batch], np.float32),
                "entity_id": np.array([_entity(model, flight).encode() for flight in batch], np.object_),
                "event_timestamp": np.array([_microseconds(flight) for flight in batch], np.int64),
            }
            types = {"features": "FP32", "entity_id": "BYTES", "event_timestamp": "INT64"}
            inputs = []
            for name, array in arrays.items():
                tensor = grpc.InferInput(name, array.shape, types[name])
                tensor.set_data_from_numpy(array)
                inputs.append(tensor)
            answer = client.infer(model.name, inputs)
            for name, values in outputs.items():
                values.extend(answer.as_numpy(name).tolist())
    return outputs


def _entity(model: ModelSpec, flight: dict[str, Any]) -> str:
    return "/".join(str(flight[key]) for key in model.features.keys)


def _features(model: ModelSpec, flight: dict[str, Any]) -> list[float]:
    values = (flight[column] for column in model.features.columns)
    return [math.nan if value is None else float(value) for value in values]


def _microseconds(flight: dict[str, Any]) -> int:
    return int(flight["event_timestamp"].timestamp() * 1_000_000)
