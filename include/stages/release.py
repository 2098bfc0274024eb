"""Release: candidate → digests verified → approval → loaded beside the champion → golden requests → canary → champion.

Nothing that answers requests changes before the canary. An approval is asked when the spec names approvers, and only
they can give it; its page shows gates, champion, slices and the change record. Triton loads the new version in a
process of its own, where it must answer the golden requests of its evaluation and is measured beside the champion. With
a `rollout` in the spec it then gets rising shares of the traffic, and loses them within seconds when it breaks a limit.
Promotion moves router, alias `champion` and journal as one; whatever fails leaves the version before in place.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, TriggerRule, chain, task

from include import assets
from include.model_spec import ModelSpec
from include.stages.conventions import artifacts, dag_arguments
from shamal.providers.mlflow.operators.registry import FetchModelOperator
from shamal.providers.triton.operators.benchmark import BenchmarkModelOperator
from shamal.providers.triton.operators.canary import CanaryOperator
from shamal.providers.triton.operators.deploy import DeployModelOperator
from shamal.providers.triton.operators.route import RollbackDeploymentOperator

VERSION = "{{ ti.xcom_pull('fetch')['version'] }}"


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
    # Unanswered approvals, also a fortnight of them, must not hold back the release of a newer candidate.
    arguments["max_active_runs"] = 16
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
            **model.serving.model_dump(),
        )

        @task
        def serve_by_key(ti: Any = None) -> None:
            """Tell the router where this version's features lie, so that clients may send keys only."""
            from shamal.providers.feast.hooks.feast import FeastHook
            from shamal.providers.triton.hooks.triton import TritonHook

            features = model.features
            document = FeastHook().serving_features(
                model.name,
                features.service,
                keys=features.keys,
                columns=features.columns,
                categorical=features.categorical,
                on_missing=features.on_missing,
            )
            TritonHook().repository.write_features(model.name, ti.xcom_pull("fetch")["version"], document)

        # One client and short windows: the server answers real requests meanwhile.
        benchmark = BenchmarkModelOperator(
            task_id="benchmark",
            model=model.name,
            version=VERSION,
            concurrency=[1],
            window_seconds=0.5,
            most_windows=4,
            pool="serving",
        )

        @task(pool="serving")
        def promote(ti: Any = None, dag_run: Any = None) -> dict[str, Any]:
            """Make the version the champion: router, alias and journal, or none of them."""
            from include.release import promotion
            from shamal.providers.mlflow.errors import GateDenied
            from shamal.providers.mlflow.gates import waivers
            from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
            from shamal.providers.triton.hooks.triton import TritonHook

            reference, mlflow = ti.xcom_pull("fetch"), MlflowRegistryHook()
            # Days may have passed since the gates were judged.
            verdicts = mlflow.read_json(reference["run_id"], "gates.json")["verdicts"]
            if lapsed := waivers.lapsed(verdicts, datetime.now(UTC).date()):
                raise GateDenied(
                    f"{model.name} version {reference['version']} passed {', '.join(lapsed)} by waivers that have "
                    "expired meanwhile; renew them in model.yaml and train again"
                )
            return promotion.promote(
                TritonHook(),
                mlflow,
                model.name,
                reference["version"],
                reference["champion"],
                by=_decided_by(ti.xcom_pull("approval") if model.approvers else None),
                reason=f"{dag_run.dag_id}, run {dag_run.run_id}",
            )

        @task(outlets=[deployment], post_execute=assets.carries(deployment))
        def announce(ti: Any = None) -> dict[str, Any]:
            """Update the Asset; as an end of the DAG beside `rollback`, it makes a failed release a failed run."""
            reference: dict[str, Any] = ti.xcom_pull("promote")
            return reference

        tried = [*_canary(model), promote()]
        rollback = RollbackDeploymentOperator(
            task_id="rollback",
            model=model.name,
            version=VERSION,
            reason="the release failed",
            pool="serving",
            trigger_rule=TriggerRule.ONE_FAILED,
        )
        chain(fetch, news(), *_approval(model), deploy, serve_by_key(), benchmark, *tried, announce())
        tried >> rollback
    return dag


def _approval(model: ModelSpec) -> list[Any]:
    """Return the tasks that ask a person, when the spec names one."""
    if not model.approvers:
        return []

    @task
    def evidence(ti: Any = None, dag_run: Any = None) -> str:
        """Write the page on which the approver decides."""
        from include.release.page import page
        from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook

        reference, mlflow = ti.xcom_pull("fetch"), MlflowRegistryHook()
        gates, tags = (mlflow.read_json(reference["run_id"], "gates.json"), mlflow.run_tags(reference["run_id"]))
        return page(reference, gates, tags, dag_run.triggering_user_name or "the new candidate")

    approval = ApprovalOperator(
        task_id="approval",
        subject=f"Release version {VERSION} of {model.name}?",
        body="{{ ti.xcom_pull('evidence') }}",
        assigned_users=[{"id": person, "name": person} for person in model.approvers],
        response_timeout=timedelta(days=14),
        execution_timeout=None,
    )
    return [evidence(), approval]


def _canary(model: ModelSpec) -> list[CanaryOperator]:
    if model.rollout is None:
        return []
    # Far more than the steps and holds may take: an end from outside would not say why.
    rollout = model.rollout
    walked = rollout.shadow_seconds + sum(step.seconds for step in rollout.steps)
    patience = walked + rollout.hold_seconds * (len(rollout.steps) + bool(rollout.shadow_seconds))
    canary = CanaryOperator(
        task_id="canary",
        model=model.name,
        version=VERSION,
        execution_timeout=timedelta(hours=1, seconds=patience),
        **rollout.canary(model.features.columns),
    )
    return [canary]


def _decided_by(approval: Any) -> str:
    """Return who approved, for the journal."""
    return str(approval["responded_by_user"]["id"]) if approval else "no approval is asked"
