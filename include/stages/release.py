"""Release: candidate → digests verified → approval → loaded beside the champion → golden requests → champion.

Nothing that answers requests changes before the last two steps. An approval is asked when the spec names approvers,
and only they can give it. Triton loads the new version in a process of its own, where it must answer the golden
requests of its evaluation; only then does the router change over and the registry's alias `champion` move. When one of
these two fails for good, the router goes back to the version before.
"""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, TriggerRule, chain, task

from include import assets
from include.model_spec import ModelSpec
from include.stages.conventions import artifacts, dag_arguments
from shamal.providers.mlflow.operators.registry import FetchModelOperator, PromoteModelOperator
from shamal.providers.triton.operators.deploy import DeployModelOperator
from shamal.providers.triton.operators.route import RollbackDeploymentOperator, RouteTrafficOperator

VERSION = "{{ ti.xcom_pull('fetch')['version'] }}"
EVIDENCE = """Registered from run `{{ ti.xcom_pull('fetch')['run_id'] }}`, where its gates said yes.

| | |
|---|---|
| sha256 of the model | `{{ ti.xcom_pull('fetch')['sha256'] }}` |
| champion now | {{ ti.xcom_pull('fetch')['champion'] or 'none' }} |
"""


def dag(model: ModelSpec) -> DAG:
    """Return the DAG `<model>_release`: on a new candidate, or by hand for a given version."""
    candidate, deployment = assets.candidate(model.name), assets.deployment(model.name)
    params = {
        "version": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Version",
            description_md="Registered version to release. Empty: the newest candidate.",
        ),
    }
    arguments = dag_arguments(model, "release", __doc__ or "")
    # An unanswered approval must not hold back the release of a newer candidate.
    arguments["max_active_runs"] = 4
    with DAG(schedule=candidate, params=params, **arguments) as dag:
        fetch = FetchModelOperator(
            task_id="fetch",
            model=model.name,
            version="{{ params.version }}",
            destination=artifacts(model, "release"),
        )

        @task.short_circuit
        def news(ti: Any = None) -> bool:
            """Stop where this version is the champion already."""
            reference = ti.xcom_pull("fetch")
            return bool(reference["version"] != reference["champion"])

        deploy = DeployModelOperator(
            task_id="deploy",
            model=model.name,
            version=VERSION,
            path="{{ ti.xcom_pull('fetch')['path'] }}",
            sha256="{{ ti.xcom_pull('fetch')['sha256'] }}",
            golden="{{ ti.xcom_pull('fetch')['golden'] }}",
            pool="serving",
        )
        route = RouteTrafficOperator(task_id="route", model=model.name, version=VERSION, pool="serving")
        promote = PromoteModelOperator(
            task_id="promote",
            model=model.name,
            version=VERSION,
            expected_version="{{ ti.xcom_pull('fetch')['champion'] }}",
            outlets=[deployment],
            post_execute=assets.carries(deployment),
        )
        rollback = RollbackDeploymentOperator(
            task_id="rollback", model=model.name, version=VERSION, pool="serving", trigger_rule=TriggerRule.ONE_FAILED
        )
        chain(fetch, news(), *_approval(model), deploy, route, promote)
        [route, promote] >> rollback
    return dag


def _approval(model: ModelSpec) -> list[ApprovalOperator]:
    if not model.approvers:
        return []
    approval = ApprovalOperator(
        task_id="approval",
        subject=f"Release version {VERSION} of {model.name}?",
        body=EVIDENCE,
        assigned_users=[{"id": person, "name": person} for person in model.approvers],
        response_timeout=timedelta(days=14),
        execution_timeout=None,
    )
    return [approval]
