from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import TaskDeferred

from shamal.providers.triton.errors import (
    CanaryFailed,
    CanaryStopped,
    CanaryUndecided,
    InvalidDeployment,
    VersionNotDeployed,
)
from shamal.providers.triton.operators.canary import CanaryOperator
from shamal.providers.triton.router.route import Route


class Task(SimpleNamespace):
    def xcom_push(self, key, value):
        self.pushed = {key: value}


@pytest.fixture
def context():
    return {"ti": Task(dag_id="release", run_id="run", task_id="canary")}


@pytest.fixture
def operator(triton):
    def make(**arguments):
        operator = CanaryOperator(
            **{"task_id": "canary", "model": "churn", "version": "2", "steps": [{"share": 0.1, "seconds": 5}]}
            | arguments
        )
        operator.hook = triton
        return operator

    return make


@pytest.fixture
def champion(triton, deploy):
    for version in (1, 2):
        deploy(version)
    return triton.repository.write_route("churn", None, Route(1, None, {1: 1.0}), triton.prediction_log, 2.0)


def test_it_begins_and_leaves_the_worker(operator, triton, champion, context):
    triton.unload("churn__v2")
    with pytest.raises(TaskDeferred) as deferred:
        operator().execute(context)
    assert triton.ready("churn__v2")
    assert deferred.value.method_name == "execute_complete"
    arguments = {"model": "churn", "run": "release/run/canary", "triton_conn_id": "triton_default"}
    assert deferred.value.trigger.serialize()[1] == arguments
    assert (triton.repository.root / "churn" / "canary.json").exists()


def test_the_first_version_has_nothing_to_be_compared_with(operator, deploy, context):
    deploy(2)
    result = operator().execute(context)
    assert (result["decision"], result["reason"]) == ("promote", "the first version of the model")


def test_a_version_that_answers_already_needs_no_canary(operator, champion, context):
    assert operator(version=1).execute(context)["reason"] == "the version is the champion already"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"version": "newest"}, InvalidDeployment),
        ({"version": 3}, VersionNotDeployed),
        ({"model": "Churn"}, InvalidDeployment),
        ({"steps": []}, InvalidDeployment),
        ({"limits": {"max_error_rate": 2}}, InvalidDeployment),
    ],
)
def test_bad_input_is_refused_before_any_traffic(operator, champion, context, triton, arguments, error):
    with pytest.raises(error):
        operator(**arguments).execute(context)
    assert triton.repository.route("churn") == champion


def event(decision):
    return {"decision": decision, "reason": "errors 0.2 limit 0.01", "version": 2, "champion": 1, "steps": []}


@pytest.mark.parametrize(
    ("decision", "error"), [("rollback", CanaryFailed), ("undecided", CanaryUndecided), ("stopped", CanaryStopped)]
)
def test_a_failure_says_what_broke_and_leaves_the_figures(operator, champion, context, decision, error):
    with pytest.raises(error, match=r"churn version 2: errors 0\.2 limit 0\.01"):
        operator().execute_complete(context, event(decision))
    assert context["ti"].pushed == {"canary": event(decision)}


def test_a_decision_that_was_taken_over_leaves_no_state(operator, champion, context, triton):
    with pytest.raises(TaskDeferred):
        operator().execute(context)
    assert operator().execute_complete(context, event("promote"))["decision"] == "promote"
    assert not (triton.repository.root / "churn" / "canary.json").exists()
