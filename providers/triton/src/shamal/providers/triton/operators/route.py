"""Moves a model's traffic: to a deployed version, or back."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from airflow.sdk import BaseOperator, Context

from shamal.providers.triton import traffic
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.operators.deploy import version_number

BY = "{{ dag_run.triggering_user_name or dag.owner }}"
REASON = "{{ dag.dag_id }}, run {{ run_id }}"


class RouteTrafficOperator(BaseOperator):
    """Give all traffic of a model to a deployed version; done when the router answers with it.

    The first time, the router model is made and loaded. Versions older than the previous one are unloaded.
    Returns `{"model", "champion", "previous"}`.

    :param model: registered name (templated).
    :param version: a version that DeployModelOperator has loaded (templated).
    :param by: who wants it, for the journal; default: who triggered the run, or the DAG's owner (templated).
    :param reason: why, for the journal; default: the run (templated).
    :param triton_conn_id: the server.
    :raises VersionNotDeployed: the version has no folder.
    :raises TrafficNotRouted: the router did not follow within 30 s; the former route is back.
    :raises ReleaseUnderWay: another change of the model has begun.
    """

    template_fields: Sequence[str] = ("model", "version", "by", "reason")

    def __init__(
        self,
        *,
        model: str,
        version: int | str,
        by: str = BY,
        reason: str = REASON,
        triton_conn_id: str = TritonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.version = version
        self.by = by
        self.reason = reason
        self.triton_conn_id = triton_conn_id

    @cached_property
    def hook(self) -> TritonHook:
        """The server."""
        return TritonHook(self.triton_conn_id)

    def execute(self, context: Context) -> dict[str, Any]:
        """Route the traffic."""
        return traffic.route(self.hook, self.model, version_number(self.version), by=self.by, reason=self.reason)


class RollbackDeploymentOperator(BaseOperator):
    """Give all traffic back to the previous version; needs Triton's model repository, nothing else.

    Running it twice is harmless: the second run finds the rollback done. Returns
    `{"model", "champion", "previous", "rolled_back"}`.

    :param model: registered name (templated).
    :param version: roll back only when this version is the champion, so that a release that failed before it moved
        traffic changes nothing; None: whatever the champion is (templated).
    :param triton_conn_id: the server.
    :raises NothingToRollBackTo: no version served before.
    """

    template_fields: Sequence[str] = ("model", "version", "by", "reason")

    def __init__(
        self,
        *,
        model: str,
        version: int | str | None = None,
        by: str = BY,
        reason: str = REASON,
        triton_conn_id: str = TritonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.version = version
        self.by = by
        self.reason = reason
        self.triton_conn_id = triton_conn_id

    @cached_property
    def hook(self) -> TritonHook:
        """The server."""
        return TritonHook(self.triton_conn_id)

    def execute(self, context: Context) -> dict[str, Any]:
        """Roll back."""
        version = None if self.version is None else version_number(self.version)
        return traffic.rollback(self.hook, self.model, version, by=self.by, reason=self.reason)
