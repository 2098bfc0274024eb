"""Moves a model's traffic: to a deployed version, or back."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from airflow.sdk import BaseOperator, Context

from shamal.providers.triton import traffic
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.operators.deploy import version_number


class RouteTrafficOperator(BaseOperator):
    """Give all traffic of a model to a deployed version; done when the router answers with it.

    The first time, the router model is made and loaded. Versions older than the previous one are unloaded.
    Returns `{"model", "champion", "previous"}`.

    :param model: registered name (templated).
    :param version: a version that DeployModelOperator has loaded (templated).
    :param triton_conn_id: the server.
    :raises VersionNotDeployed: the version has no folder.
    :raises TrafficNotRouted: the router did not follow within 30 s; the former route is back.
    """

    template_fields: Sequence[str] = ("model", "version")

    def __init__(
        self,
        *,
        model: str,
        version: int | str,
        triton_conn_id: str = TritonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.version = version
        self.triton_conn_id = triton_conn_id

    @cached_property
    def hook(self) -> TritonHook:
        """The server."""
        return TritonHook(self.triton_conn_id)

    def execute(self, context: Context) -> dict[str, Any]:
        """Route the traffic."""
        return traffic.route(self.hook, self.model, version_number(self.version))


class RollbackDeploymentOperator(BaseOperator):
    """Give all traffic back to the previous version; needs Triton and its model repository, nothing else.

    Running it twice is harmless: the second run finds the rollback done. Returns
    `{"model", "champion", "previous", "rolled_back"}`.

    :param model: registered name (templated).
    :param version: roll back only when this version is the champion, so that a release that failed before it moved
        traffic changes nothing; None: whatever the champion is (templated).
    :param triton_conn_id: the server.
    :raises NothingToRollBackTo: no version served before.
    """

    template_fields: Sequence[str] = ("model", "version")

    def __init__(
        self,
        *,
        model: str,
        version: int | str | None = None,
        triton_conn_id: str = TritonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.version = version
        self.triton_conn_id = triton_conn_id

    @cached_property
    def hook(self) -> TritonHook:
        """The server."""
        return TritonHook(self.triton_conn_id)

    def execute(self, context: Context) -> dict[str, Any]:
        """Roll back."""
        version = None if self.version is None else version_number(self.version)
        return traffic.rollback(self.hook, self.model, version)
