import json
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow import onnx_model
from shamal.providers.mlflow.errors import DigestMismatch, SignatureMismatch
from shamal.providers.mlflow.gates import champion
from shamal.providers.mlflow.testing import FakeMlflow
from shamal.providers.mlflow.training_set import load_training_set


def test_before_the_first_promotion_there_is_no_champion(server: FakeMlflow, tmp_path: Path) -> None:
    assert champion.fetch(server, "flight_delays", str(tmp_path / "models")) is None
    assert champion.fetch(server, "another_model", str(tmp_path / "models")) is None


def test_the_champion_scores_as_it_is_registered(server: FakeMlflow, tmp_path: Path) -> None:
    server.promote("flight_delays", 1, None, "champion")
    found = champion.fetch(server, "flight_delays", str(tmp_path / "models"))
    assert found is not None
    described = load_training_set(str(tmp_path / "set"))
    assert found.version == 1
    session = onnx_model.load(tmp_path / "output" / "model.onnx", described)
    expected = onnx_model.score(session, described.read("evaluation")[0])
    assert found.scores(described).tolist() == expected.tolist()


def test_a_champion_that_does_not_say_what_it_takes_is_not_guessed_at(training_set: Any, tmp_path: Path) -> None:
    (tmp_path / "golden.json").write_text("{}")
    with pytest.raises(SignatureMismatch, match="champion 7 names no features"):
        champion.Champion(7, tmp_path).scores(load_training_set(str(training_set())))


def test_an_altered_champion_is_refused(server: FakeMlflow, tmp_path: Path) -> None:
    server.promote("flight_delays", 1, None, "champion")
    stored = server.find_version("flight_delays", version=1)["source"].removeprefix("models:/")
    (server.client.folder / stored / "golden.json").write_text(json.dumps({"features": []}))
    with pytest.raises(DigestMismatch, match=r"golden\.json"):
        champion.fetch(server, "flight_delays", str(tmp_path / "models"))
