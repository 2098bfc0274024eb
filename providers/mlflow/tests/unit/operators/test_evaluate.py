import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow import releases
from shamal.providers.mlflow.errors import GateDenied, InvalidGates, InvalidName
from shamal.providers.mlflow.operators.evaluate import EvaluateModelOperator
from shamal.providers.mlflow.testing import FakeMlflow


@pytest.fixture
def make(training_set: Any, training_output: Any, tmp_path: Path) -> Callable[..., EvaluateModelOperator]:
    def build(**changed: Any) -> EvaluateModelOperator:
        settings: dict[str, Any] = {
            "model": "flight_delays",
            "training_output": str(training_output()),
            "training_set": str(training_set()),
            "task": "binary_classification",
            "gates": {"min_roc_auc": 0.6},
            "tags": {"classification": "public"},
        }
        operator = EvaluateModelOperator(task_id="evaluate", **(settings | changed))
        operator.hook = FakeMlflow(tmp_path / "server")
        return operator

    return build


def test_a_good_model_gets_one_run_however_often_the_task_runs(make: Any, context: Any) -> None:
    operator = make()
    first, second = operator.execute(context()), operator.execute(context())
    assert first["run_id"] == second["run_id"]
    assert first["passed"]
    (run,) = operator.hook.client.runs.values()
    assert run.data.tags["shamal.gates"] == "passed"
    assert run.data.tags["classification"] == "public"
    assert run.data.tags["airflow.task_id"] == "evaluate"
    assert run.info.status == "FINISHED"
    assert operator.execute(context("manual__2"))["run_id"] != first["run_id"]


def test_a_bad_model_is_logged_and_then_denied(make: Any, context: Any) -> None:
    operator = make(gates={"min_roc_auc": 0.99, "min_accuracy": 0.5})
    with pytest.raises(GateDenied, match=r"min_roc_auc: 0\.\d+ \(must be at least 0\.99\)") as denied:
        operator.execute(context())
    assert "min_accuracy" not in str(denied.value)
    (run,) = operator.hook.client.runs.values()
    assert run.data.tags["shamal.gates"] == "denied"


def test_a_second_candidate_is_compared_with_the_champion_and_the_run_says_so(make: Any, context: Any) -> None:
    gates = {"min_roc_auc": 0.6, "max_loss_against_champion": 0.005}
    operator = make(gates=gates)
    first = operator.execute(context())
    assert first["verdicts"][1]["reason"] == "no champion yet"
    registry, run = operator.hook, operator.hook.run_tags(first["run_id"])
    tags = {name: run[name] for name in releases.KEPT_TAGS}
    version = registry.register("flight_delays", first["run_id"], run["shamal.model_id"], tags, "candidate")
    registry.promote("flight_delays", version, None, "champion")
    second = operator.execute(context("manual__2"))
    assert second["verdicts"][1] | {"reason": ""} == second["verdicts"][1] | {"value": 0, "reason": "", "passed": True}
    assert second["metrics"]["champion_roc_auc"] == second["metrics"]["roc_auc"]
    stored = json.loads((registry.client.folder / second["run_id"] / "gates.json").read_text())
    assert stored["champion"] == {"version": version, "incomparable": None}


@pytest.mark.parametrize(("user", "passes"), [("engineer", True), ("approver", False)])
def test_a_waiver_counts_unless_its_approver_started_the_run(make: Any, context: Any, user: str, passes: bool) -> None:
    day = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    waiver = {"gate": "min_roc_auc", "approver": "approver", "reason": "A storm.", "expires": day}
    operator = make(gates={"min_roc_auc": 0.999, "waivers": [waiver]}, approvers=["approver"], owner="operations")
    if passes:
        assert operator.execute(context(user=user))["verdicts"][0]["waived_by"] == "approver"
    else:
        with pytest.raises(GateDenied, match="approver started this run"):
            operator.execute(context(user=user))


def test_bad_input_reaches_no_server(make: Any, context: Any) -> None:
    operator = make(gates={"min_rocauc": 0.6})
    with pytest.raises(InvalidGates, match="Did you mean"):
        operator.execute(context())
    operator.gates, operator.model = {"min_roc_auc": 0.6}, "../x"
    with pytest.raises(InvalidName):
        operator.execute(context())
    assert not operator.hook.client.runs
