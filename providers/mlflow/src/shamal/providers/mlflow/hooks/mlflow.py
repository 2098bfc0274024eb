"""The connection to one MLflow server, and the runs on it."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from requests import RequestException

from shamal.providers.mlflow.errors import InvalidConnection, MlflowDenied, MlflowUnavailable, VersionNotFound

if TYPE_CHECKING:
    from mlflow import MlflowClient

DENIED = ("UNAUTHENTICATED", "PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED")
DOWN = ("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED")
LOG_BATCH = 900  # MLflow accepts at most 1,000 metrics in one request


class MlflowHook(BaseHook):
    """Talks to the MLflow server of an Airflow connection of type `shamal_mlflow`.

    :param mlflow_conn_id: connection with host (scheme and name), port, login and password.
    """

    conn_name_attr = "mlflow_conn_id"
    default_conn_name = "mlflow_default"
    conn_type = "shamal_mlflow"
    hook_name = "MLflow (Shamal)"

    def __init__(self, mlflow_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.mlflow_conn_id = mlflow_conn_id
        self.address = "unknown"  # until the connection was read
        self._client: MlflowClient | None = None

    def get_conn(self) -> "MlflowClient":
        """Return MLflow's own client for the server.

        :raises InvalidConnection: host, login or password is missing.
        """
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> "MlflowClient":
        connection = self.get_connection(self.mlflow_conn_id)
        host = (connection.host or "").rstrip("/")
        if not host.startswith(("http://", "https://")) or "@" in host:
            raise InvalidConnection(
                f"connection {self.mlflow_conn_id!r}: host {host.rpartition('@')[2]!r} is not an address such as "
                "http://127.0.0.1 without credentials; put user and password into login and password"
            )
        if not connection.login or not connection.password:
            raise InvalidConnection(f"connection {self.mlflow_conn_id!r} has no login or password; add both")
        self.address = f"{host}:{connection.port}" if connection.port else host

        from mlflow import MlflowClient
        from shamal.providers.mlflow import request_auth

        request_auth.remember(self.address, connection.login, connection.password)
        os.environ["MLFLOW_TRACKING_AUTH"] = request_auth.NAME
        # MLflow's 7 retries wait four minutes in silence; 3 wait 14 seconds, then Airflow's own retries are visible.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        return MlflowClient(tracking_uri=self.address, registry_uri=self.address)

    @contextmanager
    def calls(self) -> Iterator["MlflowClient"]:
        """Lend the client and turn MLflow's failures into this provider's errors.

        :raises MlflowUnavailable: the server does not answer.
        :raises MlflowDenied: the server refuses the credentials.
        """
        client = self.get_conn()
        from mlflow.exceptions import MlflowException

        where = f"MLflow at {self.address} (connection {self.mlflow_conn_id!r})"
        try:
            yield client
        except MlflowException as error:
            if error.error_code in DENIED or error.get_http_status_code() in (401, 403):
                raise MlflowDenied(
                    f"{where} refuses the login of the connection; correct login or password, or give it permission"
                ) from error
            if error.error_code in DOWN:
                raise MlflowUnavailable(f"{where} does not answer; look at its log: {error}") from error
            raise
        except RequestException as error:  # artifact transfers raise it as it is
            raise MlflowUnavailable(f"{where} broke off a transfer; look at its log: {error}") from error

    def find_or_start_run(self, experiment: str, key: str, name: str) -> str:
        """Return the id of the experiment's run with this key; start the run when there is none.

        :param experiment: experiment name; made when missing.
        :param key: what makes the run unique, so that a retried task finds its first attempt's run.
        :param name: name shown for a new run.
        """
        with self.calls() as client:
            found = client.get_experiment_by_name(experiment)
            experiment_id = found.experiment_id if found else client.create_experiment(experiment)
            runs = client.search_runs([experiment_id], filter_string=f"tags.`shamal.key` = '{key}'", max_results=1)
            run = runs[0] if runs else client.create_run(experiment_id, run_name=name, tags={"shamal.key": key})
            return str(run.info.run_id)

    def log_run(
        self,
        run_id: str,
        *,
        params: Mapping[str, Any],
        metrics: Mapping[str, float],
        history: Mapping[str, Sequence[float]],
        tags: Mapping[str, str],
    ) -> None:
        """Log params, metrics, per-epoch metrics and tags; the same call again changes nothing.

        :param history: metric name to its values, one per epoch from 1 on.
        """
        from mlflow.entities import Metric, Param, RunTag

        with self.calls() as client:
            # One time stamp for all: MLflow stores equal rows once, so a retry repeats nothing.
            at = client.get_run(run_id).info.start_time
            rows = [Metric(name, value, at, 0) for name, value in metrics.items()]
            rows += [
                Metric(name, value, at, step)
                for name, values in history.items()
                for step, value in enumerate(values, start=1)
            ]
            client.log_batch(
                run_id,
                params=[Param(name, str(value)) for name, value in params.items()],
                tags=[RunTag(name, str(value)) for name, value in tags.items()],
            )
            for start in range(0, len(rows), LOG_BATCH):
                client.log_batch(run_id, metrics=rows[start : start + LOG_BATCH])

    def log_files(self, run_id: str, files: Sequence[Path]) -> None:
        """Store files as artifacts of the run, under their own names."""
        with self.calls() as client:
            for file in files:
                client.log_artifact(run_id, str(file))

    def download_file(self, run_id: str, name: str, folder: Path) -> None:
        """Download one artifact of the run into an existing folder.

        :raises VersionNotFound: the run or the artifact does not exist.
        """
        with self.calls() as client, not_found(f"{name} of MLflow run {run_id} on {self.address}"):
            client.download_artifacts(run_id, name, str(folder))

    def log_onnx_model(self, run_id: str, name: str, write: Callable[[dict[str, str], Path], None]) -> str:
        """Store a model folder as the run's logged model and return its id; a second call finds the first one.

        The client's own calls are used instead of `mlflow.onnx.log_model`: that one needs the global tracking
        server and run of the process, and writes the ONNX file anew, with another digest.

        :param write: writes the folder, given the identity that MLflow knows the model by.
        """
        with self.calls() as client, tempfile.TemporaryDirectory() as scratch:
            run = client.get_run(run_id)
            if known := run.data.tags.get("shamal.model_id"):
                return str(known)
            logged = client.create_logged_model(run.info.experiment_id, name, source_run_id=run_id)
            folder = Path(scratch) / "model"
            identity = {"artifact_path": logged.artifact_location, "run_id": run_id, "model_id": logged.model_id}
            write(identity, folder)
            client.log_model_artifacts(logged.model_id, str(folder))
            client.finalize_logged_model(logged.model_id, "READY")
            client.set_tag(run_id, "shamal.model_id", logged.model_id)
            return str(logged.model_id)

    def finish_run(self, run_id: str) -> None:
        """End the run."""
        with self.calls() as client:
            client.set_terminated(run_id, "FINISHED")

    def run_tags(self, run_id: str) -> dict[str, str]:
        """Return the run's tags.

        :raises VersionNotFound: no such run.
        """
        with self.calls() as client, not_found(f"MLflow run {run_id} on {self.address}"):
            return dict(client.get_run(run_id).data.tags)

    def read_json(self, run_id: str, name: str) -> Any:
        """Return the content of a JSON artifact of the run.

        :raises VersionNotFound: no such run or artifact.
        """
        with tempfile.TemporaryDirectory() as scratch:
            self.download_file(run_id, name, Path(scratch))
            return json.loads((Path(scratch) / name).read_text())


@contextmanager
def not_found(what: str) -> Iterator[None]:
    """Turn MLflow's "does not exist" into VersionNotFound."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST" or "not found" in str(error).lower():
            raise VersionNotFound(f"{what} does not exist; list what is there in the MLflow UI") from error
        raise
