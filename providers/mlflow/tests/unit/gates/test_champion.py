import json
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow import onnx_model
from shamal.providers.mlflow.errors import DigestMismatch
from shamal.providers.mlflow.gates import champion
from shamal.providers.mlflow.operators.evaluate import EvaluateModelOperator
from shamal.providers.mlflow.operators.registry import RegisterModelOperator
from shamal.providers.mlflow.testing import FakeMlflow
from shamal.providers.mlflow.training_set import load_training_set


@pytest.fixture
def server(training_set: Any, training_output: Any, context: Any, tmp_path: Path) -> FakeMlflow:
    """Return a server with one version and no champion."""
    fake = FakeMlflow(tmp_path / "server")
    judge = EvaluateModelOperator(
        task_id="evaluate",
        model="flight_delays",
        training_output=str(training_output()),
        training_set=str(training_set()),
        task="binary_classification",
        gates={"min_roc_auc": 0.6},
    )
    judge.hook = fake
    register = RegisterModelOperator(task_id="r", model="flight_delays", run_id=judge.execute(context())["run_id"])
    register.hook = fake
    register.execute(context())
    return fake


def test_before_the_first_promotion_there_is_no_champion(server: FakeMlflow, tmp_path: Path) -> None:
    assert champion.fetch(server, "flight_delays", str(tmp_path / "models")) is None
    assert champion.fetch(server, "another_model", str(tmp_path / "models")) is None


def test_the_champion_scores_as_it_is_registered(server: FakeMlflow, tmp_path: Path) -> None:
    server.promote("flight_delays", 1, None, "champion")
    found = champion.fetch(server, "flight_delays", str(tmp_path / "models"))
    assert found is not None
    described = load_training_set(str(tmp_path / "set"))
    assert (found.version, found.features, found.incomparable(described)) == (1, described.features, None)
    session = onnx_model.load(tmp_path / "output" / "model.onnx", described)
    expected = onnx_model.score(session, described.read("evaluation")[0])
    assert found.scores(described).tolist() == expected.tolist()


def test_an_altered_champion_is_refused(server: FakeMlflow, tmp_path: Path) -> None:
    server.promote("flight_delays", 1, None, "champion")
    stored = server.find_version("flight_delays", version=1)["source"].removeprefix("models:/")
    (server.client.folder / stored / "golden.json").write_text(json.dumps({"features": []}))
    with pytest.raises(DigestMismatch, match=r"golden\.json"):
        champion.fetch(server, "flight_delays", str(tmp_path / "models"))
