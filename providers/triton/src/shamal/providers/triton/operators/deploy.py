"""Brings a version to the server, without traffic."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator, Context

from shamal.providers.triton import deployment
from shamal.providers.triton.errors import InvalidDeployment
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.router.settings import ServingSettings


class DeployModelOperator(BaseOperator):
    """Load a version beside the others, compare its answers to golden requests, warm it up; no traffic moves.

    Returns `{"model", "version", "backend", "golden_max_diff", "p99_ms"}`.

    :param model: registered name, `[a-z][a-z0-9_]*` (templated).
    :param version: registered version, from 1 (templated).
    :param path: folder with `model.onnx` (templated).
    :param sha256: digest of that file as registered (templated).
    :param golden: path of golden.json: `{"inputs": [[...]], "scores": [...]}` (templated).
    :param instances: processes that answer, of the version and of the router.
    :param max_batch_rows: Triton gathers waiting requests for the version's own model up to so many rows; 0: not.
    :param queue_delay_us: microseconds for which it may hold a request back to gather more.
    :param warm_up_p99_ms: milliseconds within which one row must be answered (p99) before the version may serve.
    :param candidate_timeout_ms: milliseconds after which the champion answers for this version.
    :param triton_conn_id: the server.
    :raises InvalidDeployment: an argument cannot be meant.
    :raises DigestMismatch: the file is not the registered one.
    :raises ModelLoadFailed: Triton cannot load it; its folder is removed, the others go on serving.
    :raises GoldenMismatch: an answer differs by more than 1e-4; the version is unloaded and removed.
    :raises WarmUpFailed: it stays slower than `warm_up_p99_ms`; the version is unloaded and removed.
    :raises VersionConflict: the version is deployed with another file, or in use with other settings.
    """

    template_fields: Sequence[str] = ("model", "version", "path", "sha256", "golden")

    def __init__(
        self,
        *,
        model: str,
        version: int | str,
        path: str,
        sha256: str,
        golden: str,
        instances: int = 1,
        max_batch_rows: int = 0,
        queue_delay_us: int = 0,
        warm_up_p99_ms: float = 1000.0,
        candidate_timeout_ms: float = 1000.0,
        triton_conn_id: str = TritonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.version = version
        self.path = path
        self.sha256 = sha256
        self.golden = golden
        self.instances = instances
        self.max_batch_rows = max_batch_rows
        self.queue_delay_us = queue_delay_us
        self.warm_up_p99_ms = warm_up_p99_ms
        self.candidate_timeout_ms = candidate_timeout_ms
        self.triton_conn_id = triton_conn_id

    @cached_property
    def hook(self) -> TritonHook:
        """The server."""
        return TritonHook(self.triton_conn_id)

    def execute(self, context: Context) -> dict[str, Any]:
        """Deploy the version."""
        try:
            serving = ServingSettings(
                self.instances,
                self.max_batch_rows,
                self.queue_delay_us,
                self.warm_up_p99_ms,
                self.candidate_timeout_ms,
            )
        except ValueError as error:
            raise InvalidDeployment(f"{self.model}: {error}") from error
        return deployment.deploy(
            self.hook,
            self.model,
            version_number(self.version),
            path=Path(self.path),
            sha256=self.sha256,
            golden=Path(self.golden),
            serving=serving,
        )


def version_number(version: int | str) -> int:
    """Return the number in a rendered template; what is none comes back as 0, which no operator accepts."""
    text = str(version)
    return int(text) if text.isdecimal() else 0
