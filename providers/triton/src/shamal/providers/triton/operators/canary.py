"""Tries a version on a share of the traffic before it gets all of it."""

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import TaskDeferred

from shamal.providers.triton.canary import plan
from shamal.providers.triton.canary.controller import Canary
from shamal.providers.triton.errors import CanaryFailed, CanaryStopped, CanaryUndecided
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.operators.deploy import version_number
from shamal.providers.triton.repository import version_model
from shamal.providers.triton.triggers.canary import CanaryTrigger

FAILURES = {"rollback": CanaryFailed, "undecided": CanaryUndecided, "stopped": CanaryStopped}


class CanaryOperator(BaseOperator):
    """Give a deployed version rising shares of the traffic, and stop it as soon as a limit is certainly broken.

    Always deferred: the triggerer looks every second, and no worker waits. A step is passed when its seconds are over,
    `min_requests` are there and every limit is proven kept. A canary that is stopped has no traffic before this task
    fails. Returns `{"decision": "promote", "reason", "version", "champion", "seconds", "steps"}`, for the first version
    of a model at once; a failure leaves the same in the XCom `canary`. It does not promote.

    :param model: registered name (templated).
    :param version: a version that DeployModelOperator has loaded (templated).
    :param steps: `{"share": 0.1, "seconds": 60}`, ...; shares rise, up to 0.9.
    :param shadow_seconds: before the steps the candidate gets copies only for so long; 0: no such step.
    :param limits: see `shamal.providers.triton.canary.plan.Limits`.
    :param confidence: a candidate that keeps the limits is stopped with probability 1 - confidence at most.
    :param hold_seconds: how much longer than its seconds a step may wait for evidence.
    :param unsure: after the hold, with `min_requests` there and no limit broken: `rollback` or `promote`.
    :param triton_conn_id: the server.
    :raises InvalidDeployment: an argument that cannot be meant.
    :raises VersionNotDeployed: the version has no folder.
    :raises CanaryFailed: a limit is broken.
    :raises CanaryUndecided: too few requests, or no proof within the hold.
    :raises CanaryStopped: somebody else moved the traffic meanwhile.
    """

    template_fields: Sequence[str] = ("model", "version")

    def __init__(
        self,
        *,
        model: str,
        version: int | str,
        steps: Sequence[dict[str, float]],
        shadow_seconds: float = 0.0,
        limits: dict[str, Any] | None = None,
        confidence: float = 0.999,
        hold_seconds: float = 3600.0,
        unsure: plan.Unsure = "rollback",
        triton_conn_id: str = TritonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.version = version
        self.steps = steps
        self.shadow_seconds = shadow_seconds
        self.limits = limits
        self.confidence = confidence
        self.hold_seconds = hold_seconds
        self.unsure = unsure
        self.triton_conn_id = triton_conn_id

    @cached_property
    def hook(self) -> TritonHook:
        """The server."""
        return TritonHook(self.triton_conn_id)

    def execute(self, context: Context) -> dict[str, Any]:
        """Begin, or go on where an earlier attempt of the same run was, and defer."""
        version = version_number(self.version)
        planned = plan.make(
            self.steps,
            shadow_seconds=self.shadow_seconds,
            limits=self.limits or {},
            confidence=self.confidence,
            hold_seconds=self.hold_seconds,
            unsure=self.unsure,
        )
        self.hook.repository.version_folder(self.model, version)
        route = self.hook.repository.route(self.model)
        canary = self._canary(context)
        if route is None or route.champion == version:
            canary.forget()
            reason = "the first version of the model" if route is None else "the version is the champion already"
            return {
                "decision": "promote",
                "reason": reason,
                "version": version,
                "champion": route and route.champion,
                "seconds": 0.0,
                "steps": [],
            }
        if not self.hook.ready(version_model(self.model, version)):
            self.hook.load(version_model(self.model, version))
        if canary.begin(version, route, planned, time.time()):
            self.log.info("Going on with the canary that an earlier attempt of this run began")
        trigger = CanaryTrigger(self.model, canary.run, self.triton_conn_id)
        raise TaskDeferred(trigger=trigger, method_name="execute_complete")

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Return the result, or fail with its reason."""
        self._canary(context).forget()
        if event["decision"] == "promote":
            return event
        context["ti"].xcom_push("canary", event)
        raise FAILURES[event["decision"]](f"{self.model} version {self.version}: {event['reason']}")

    def _canary(self, context: Context) -> Canary:
        task = context["ti"]
        return Canary(self.hook, self.model, f"{task.dag_id}/{task.run_id}/{task.task_id}")
