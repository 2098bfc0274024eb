"""Brings a version to the server, without traffic."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator, Context

from shamal.providers.triton import deployment
from shamal.providers.triton.hooks.triton import TritonHook


class DeployModelOperator(BaseOperator):
    """Load a version beside the others and compare its answers to golden requests; no traffic moves.

    Returns `{"model", "version", "backend", "golden_max_diff"}`.

    :param model: registered name, `[a-z][a-z0-9_]*` (templated).
    :param version: registered version, from 1 (templated).
    :param path: folder with `model.onnx` (templated).
    :param sha256: digest of that file as registered (templated).
    :param golden: path of golden.json: `{"inputs": [[...]], "scores": [...]}` (templated).
    :param triton_conn_id: the server.
    :raises DigestMismatch: the file is not the registered one.
    :raises ModelLoadFailed: Triton cannot load it; its folder is removed, the others go on serving.
    :raises GoldenMismatch: an answer differs by more than 1e-4; the version is unloaded and removed.
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
        triton_conn_id: str = TritonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.version = version
        self.path = path
        self.sha256 = sha256
        self.golden = golden
        self.triton_conn_id = triton_conn_id

    @cached_property
    def hook(self) -> TritonHook:
        """The server."""
        return TritonHook(self.triton_conn_id)

    def execute(self, context: Context) -> dict[str, Any]:
        """Deploy the version."""
        return deployment.deploy(
            self.hook,
            self.model,
            version_number(self.version),
            path=Path(self.path),
            sha256=self.sha256,
            golden=Path(self.golden),
        )


def version_number(version: int | str) -> int:
    """Return the number in a rendered template; what is none comes back as 0, which no operator accepts."""
    text = str(version)
    return int(text) if text.isdecimal() else 0
