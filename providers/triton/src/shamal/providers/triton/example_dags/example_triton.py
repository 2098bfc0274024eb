"""Deploys version 2 of a model beside the one that serves, tries it, moves the traffic to it and measures it.

A version that cannot be loaded or answers the golden requests differently fails in `deploy` and gets no traffic; one
that breaks a limit in `canary` loses the share it had. When something goes wrong after the traffic moved, `rollback`
gives it back.
"""

from datetime import datetime

from airflow.sdk import DAG, Param, TriggerRule, chain

from shamal.providers.triton.operators.benchmark import BenchmarkModelOperator
from shamal.providers.triton.operators.canary import CanaryOperator
from shamal.providers.triton.operators.deploy import DeployModelOperator
from shamal.providers.triton.operators.route import RollbackDeploymentOperator, RouteTrafficOperator

VERSION = "{{ params.version }}"

with DAG(
    "example_triton",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    params={
        "version": Param(2, type="integer", minimum=1),
        "folder": Param("/models/churn/2", type="string", description="model.onnx and golden.json"),
        "sha256": Param("0" * 64, type="string", description="digest of model.onnx as registered"),
    },
    tags=["example"],
    doc_md=__doc__,
):
    deploy = DeployModelOperator(
        task_id="deploy",
        model="churn",
        version=VERSION,
        path="{{ params.folder }}",
        sha256="{{ params.sha256 }}",
        golden="{{ params.folder }}/golden.json",
    )
    canary = CanaryOperator(
        task_id="canary",
        model="churn",
        version=VERSION,
        shadow_seconds=60,
        steps=[{"share": 0.05, "seconds": 300}, {"share": 0.25, "seconds": 600}],
        limits={"max_error_rate": 0.02, "max_slow_rate": 0.05, "max_disagreement_rate": 0.2},
    )
    route = RouteTrafficOperator(task_id="route", model="churn", version=VERSION)
    benchmark = BenchmarkModelOperator(task_id="benchmark", model="churn", batch_sizes=[1, 32])
    rollback = RollbackDeploymentOperator(
        task_id="rollback", model="churn", version=VERSION, trigger_rule=TriggerRule.ONE_FAILED
    )
    chain(deploy, canary, route, benchmark, rollback)
