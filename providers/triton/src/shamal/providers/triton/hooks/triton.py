"""One Triton server: health, explicit load and unload, inference by REST and gRPC."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from airflow.sdk import BaseHook

from shamal.providers.triton.errors import InvalidDeployment, ModelLoadFailed, TritonUnavailable
from shamal.providers.triton.repository import ModelRepository

Protocol = Literal["rest", "grpc"]
Backend = Literal["onnxruntime", "python"]


class TritonHook(BaseHook):
    """Talks to a Triton server that runs with `--model-control-mode=explicit`.

    :param triton_conn_id: host, port (REST) and the extras `grpc_port`, `model_repository` (its folder as seen from
        here), `prediction_log` (folder as seen from the server), `prediction_log_seconds`, `log`.
    """

    conn_name_attr = "triton_conn_id"
    default_conn_name = "triton_default"
    conn_type = "shamal_triton"
    hook_name = "Triton Inference Server"

    def __init__(self, triton_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.triton_conn_id = triton_conn_id

    @cached_property
    def connection(self) -> Any:
        """The Airflow connection."""
        return self.get_connection(self.triton_conn_id)

    @property
    def address(self) -> str:
        """REST address, `host:port`."""
        return f"{self.connection.host}:{self.connection.port}"

    @property
    def grpc_address(self) -> str:
        """GRPC address, `host:port`."""
        return f"{self.connection.host}:{self._extra('grpc_port')}"

    @property
    def repository(self) -> ModelRepository:
        """The server's model repository."""
        return ModelRepository(Path(self._extra("model_repository")))

    @property
    def prediction_log(self) -> Path:
        """Where the routers write their predictions, one folder per model."""
        return Path(self._extra("prediction_log"))

    @property
    def prediction_log_seconds(self) -> float:
        """How long a segment of the prediction log stays open."""
        return float(self.connection.extra_dejson.get("prediction_log_seconds", 2))

    def server_live(self) -> bool:
        """Return whether the server answers; does not raise."""
        try:
            with self._reaching():
                return bool(self._http.is_server_live())
        except TritonUnavailable:
            return False

    def ready(self, name: str) -> bool:
        """Return whether the server can answer for a model (a router or a version)."""
        with self._reaching():
            return bool(self._http.is_model_ready(name))

    def backend(self, name: str) -> Backend:
        """Return what runs ONNX on this server: its own `onnxruntime` backend, or the python backend.

        The metadata does not list backends, so the server is asked to load a file that is no model: without an
        `onnxruntime` backend it says that it cannot find one.

        :param name: a model that is loaded next. A failed load keeps `/v2/health/ready` at 400 until a model of the
            same name loads, so the question is asked under that name.
        """
        from tritonclient.utils import InferenceServerException

        with self._reaching():
            try:
                self._http.load_model(name, config='{"backend": "onnxruntime"}', files={"file:1/model.onnx": b"-"})
            except InferenceServerException as error:
                return "python" if "unable to find backend library" in str(error) else "onnxruntime"
        return "onnxruntime"

    def load(self, name: str) -> None:
        """Load a model and wait until it is ready.

        :raises ModelLoadFailed: with the server's message.
        """
        from tritonclient.utils import InferenceServerException

        with self._reaching():
            try:
                self._http.load_model(name)
            except InferenceServerException as error:
                raise ModelLoadFailed(f"Triton at {self.address} cannot load {name}: {error.message()}") from error

    def loaded_models(self) -> set[str]:
        """Return the names of all models that can answer: routers and versions."""
        with self._reaching():
            return {each["name"] for each in self._http.get_model_repository_index() if each.get("state") == "READY"}

    def unload(self, name: str) -> None:
        """Unload a model; harmless when it is not loaded."""
        with self._reaching():
            self._http.unload_model(name)

    def infer(
        self,
        name: str,
        features: Any,
        *,
        entity_id: list[str] | None = None,
        event_timestamp: Any = None,
        log: bool = True,
        protocol: Protocol = "rest",
    ) -> dict[str, Any]:
        """Return the outputs of a router or a version as flat arrays by name.

        :param features: float32 [N, F]; None lets a router look them up by `entity_id`, and say of each row
            `features_status` and `features_age_s`.
        :param entity_id: [N] (router only).
        :param event_timestamp: int64 [N], microseconds since 1970 UTC (router only).
        :param log: False keeps the rows out of the prediction log.
        :param protocol: `rest` or `grpc`.
        """
        import numpy as np

        if protocol == "rest":
            from tritonclient import http as client
        else:
            from tritonclient import grpc as client
        columns: dict[str, tuple[Any, str]] = {}
        if features is not None:
            columns["features"] = (np.ascontiguousarray(features, np.float32), "FP32")
        if entity_id is not None:
            columns["entity_id"] = (np.array(entity_id, np.object_), "BYTES")
        if event_timestamp is not None:
            columns["event_timestamp"] = (np.asarray(event_timestamp, np.int64), "INT64")
        inputs = []
        for column, (values, datatype) in columns.items():
            tensor = client.InferInput(column, list(values.shape), datatype)
            tensor.set_data_from_numpy(values)
            inputs.append(tensor)
        with self._reaching():
            server = self._http if protocol == "rest" else self._grpc
            result = server.infer(name, inputs, parameters=None if log else {"log": False})
        outputs = ("score", "model_version", "prediction_id", "features_status", "features_age_s")
        found = {output: result.as_numpy(output) for output in outputs}
        return {output: values.reshape(-1) for output, values in found.items() if values is not None}

    def latencies(self, name: str, features: Any, *, concurrency: int, seconds: float) -> list[float]:
        """Return the latency in milliseconds of every gRPC request that `concurrency` clients send within `seconds`.

        :param name: a router or a version; the requests stay out of the prediction log.
        :param features: float32 [N, F], the same for every request.
        """
        from shamal.providers.triton import load

        with self._reaching():
            return load.latencies(self.grpc_address, name, features, concurrency=concurrency, seconds=seconds)

    def batched(self, name: str) -> bool:
        """Return whether the rows of a model's input are Triton's batch (`max_batch_size` above 0)."""
        with self._reaching():
            return int(self._http.get_model_config(name)["max_batch_size"]) > 0

    @cached_property
    def _http(self) -> Any:
        from tritonclient.http import InferenceServerClient

        return InferenceServerClient(self.address, network_timeout=120.0)

    @cached_property
    def _grpc(self) -> Any:
        from tritonclient.grpc import InferenceServerClient

        return InferenceServerClient(self.grpc_address)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Turn what the clients raise for a server that is away into TritonUnavailable."""
        from tritonclient.utils import InferenceServerException

        try:
            yield
        except (OSError, EOFError) as error:
            raise TritonUnavailable(self._away(error)) from error
        except InferenceServerException as error:
            if error.status() != "StatusCode.UNAVAILABLE":
                raise
            raise TritonUnavailable(self._away(error)) from error

    def _away(self, error: Exception) -> str:
        log = self.connection.extra_dejson.get("log", "its log")
        return f"Triton (connection {self.triton_conn_id}, {self.address}) does not answer: {error}; look at {log}"

    def _extra(self, key: str) -> Any:
        value = self.connection.extra_dejson.get(key)
        if value in (None, ""):
            raise InvalidDeployment(f"connection {self.triton_conn_id} has no extra {key!r}; add it to the connection")
        return value
