from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow.errors import AliasConflict, DigestMismatch, InvalidName, UnsafeArtifact
from shamal.providers.mlflow.operators.evaluate import EvaluateModelOperator
from shamal.providers.mlflow.operators.registry import (
    FetchModelOperator,
    PromoteModelOperator,
    RegisterModelOperator,
    RollbackModelOperator,
)
from shamal.providers.mlflow.testing import FakeMlflow


@pytest.fixture
def server(training_set: Any, training_output: Any, context: Any, tmp_path: Path) -> FakeMlflow:
    """Return a server with versions 1 and 2 of one model."""
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
    for run in ("manual__1", "manual__2"):
        run_id = judge.execute(context(run))["run_id"]
        make(RegisterModelOperator, fake, run_id=run_id).execute(context(run))
    return fake


def make(kind: Any, server: FakeMlflow, **settings: Any) -> Any:
    operator = kind(task_id="task", model="flight_delays", **settings)
    operator.hook = server
    return operator


def test_registering_a_run_again_finds_its_version(server: FakeMlflow, context: Any) -> None:
    run_id = server.find_version("flight_delays", version=1)["run_id"]
    found = make(RegisterModelOperator, server, run_id=run_id).execute(context())
    assert (found["version"], len(found["sha256"])) == (1, 64)
    assert len(server.client.versions) == 2


def test_fetching_verifies_and_repeats(server: FakeMlflow, tmp_path: Path) -> None:
    fetch = make(FetchModelOperator, server, destination=str(tmp_path / "models"))
    found = fetch.execute({})
    assert found == fetch.execute({})
    assert (found["version"], found["path"]) == (2, str(tmp_path / "models/flight_delays/2"))
    assert Path(found["golden"]).exists()


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [("model.onnx", "x", DigestMismatch), ("golden.json", "{}", DigestMismatch), ("model.pkl", "x", UnsafeArtifact)],
)
def test_a_changed_artifact_is_refused_and_leaves_nothing(
    server: FakeMlflow, tmp_path: Path, name: str, content: str, error: type[Exception]
) -> None:
    stored = server.find_version("flight_delays", version=2)["source"].removeprefix("models:/")
    (server.client.folder / stored / name).write_text(content)
    with pytest.raises(error):
        make(FetchModelOperator, server, destination=str(tmp_path / "models")).execute({})
    assert list((tmp_path / "models/flight_delays").iterdir()) == []


def test_promotion_and_rollback(server: FakeMlflow, context: Any) -> None:
    first = make(PromoteModelOperator, server, version="1", expected_version="None").execute({})
    assert first == {"model": "flight_delays", "version": 1, "previous": None, "alias": "champion"}
    with pytest.raises(AliasConflict):
        make(PromoteModelOperator, server, version=2, expected_version=None).execute({})
    assert make(PromoteModelOperator, server, version=2, expected_version="1").execute({})["previous"] == 1
    rollback = make(RollbackModelOperator, server)
    expected = {"model": "flight_delays", "version": 1, "previous": 2, "alias": "champion"}
    assert rollback.execute(context()) == expected == rollback.execute(context())


def test_bad_names_are_refused(server: FakeMlflow, context: Any, tmp_path: Path) -> None:
    for operator in (
        make(RegisterModelOperator, server, run_id="' or 1=1"),
        make(FetchModelOperator, server, destination=str(tmp_path), version="../1"),
        make(PromoteModelOperator, server, version="latest", expected_version=None),
        make(RollbackModelOperator, server, alias="Champion"),
    ):
        with pytest.raises(InvalidName):
            operator.execute(context())
