# ruff: noqa: TID253 - tests use what the tasks use
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from onnx import TensorProto, helper, numpy_helper

from include.release import gate
from shamal.providers.mlflow.operators.evaluate import EvaluateModelOperator
from shamal.providers.mlflow.operators.registry import RegisterModelOperator
from shamal.providers.mlflow.testing import FakeMlflow

COLUMNS = ["distance", "wind", "seats"]


def logistic_regression() -> onnx.ModelProto:
    weights = np.array([[2.0], [-1.0], [0.5]], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["features", "weights"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["column"]),
            helper.make_node("Reshape", ["column", "flat"], ["score"]),
        ],
        "model",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", len(COLUMNS)])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.array([-1]), "flat")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Return a training output and the training set that its model fits perfectly."""
    output, rows = tmp_path / "output", tmp_path / "set"
    output.mkdir()
    rows.mkdir()
    onnx.save(logistic_regression(), output / "model.onnx")
    (output / "weights.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    digest = hashlib.sha256((output / "model.onnx").read_bytes()).hexdigest()
    (output / "training.json").write_text(json.dumps({"losses": [0.5], "onnx_sha256": digest}))
    session = onnxruntime.InferenceSession(output / "model.onnx", providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    for split in ("train", "evaluation"):
        features = random.normal(size=(500, len(COLUMNS))).astype(np.float32)
        label = random.uniform(size=500) < session.run(["score"], {"features": features})[0]
        table = dict(zip(COLUMNS, features.T, strict=True)) | {"late": label.astype(np.int64)}
        pq.write_table(pa.table(table), rows / f"{split}.parquet")
    described = {"features": COLUMNS, "categorical": {}, "label": "late", "digest": "d", "snapshot_id": 1, "rows": {}}
    (rows / "training_set.json").write_text(json.dumps(described))
    return output, rows


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """Return a function that gives every model these gates."""

    def put(gates: dict[str, Any]) -> None:
        declared = SimpleNamespace(definition=lambda: gates)
        model = {"task": "binary_classification", "gates": declared, "approvers": ["approver"], "owner": "operations"}
        monkeypatch.setattr(gate, "load_model", lambda name: SimpleNamespace(name=name, **model))

    return put


def arguments(files: tuple[Path, Path], champion: str = "none") -> list[str]:
    output, rows = map(str, files)
    return ["flight_delays", "--training-output", output, "--training-set", rows, "--champion", champion]


@pytest.mark.parametrize(("limit", "code", "answer"), [(0.6, 0, "yes"), (0.999, 1, "NO")])
def test_files_alone_are_judged_and_the_exit_code_says_the_verdict(
    files: Any, spec: Any, capsys: pytest.CaptureFixture[str], limit: float, code: int, answer: str
) -> None:
    spec({"min_roc_auc": limit})
    assert gate.main(arguments(files)) == code
    assert answer in capsys.readouterr().out.splitlines()[-1].split()


def test_a_champion_folder_is_compared_with(files: Any, spec: Any, capsys: Any, tmp_path: Path) -> None:
    spec({"max_loss_against_champion": 0})
    folder = tmp_path / "flight_delays" / "4"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes((files[0] / "model.onnx").read_bytes())
    (folder / "golden.json").write_text(json.dumps({"features": COLUMNS}))
    assert gate.main([*arguments(files, str(folder)), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["champion"]["version"], found["verdicts"][0]["value"]) == (4, 0)


@pytest.mark.parametrize(
    ("champion", "gates", "words"),
    [
        ("elsewhere", {"min_roc_auc": 0.6}, "no folder <model>/<version>"),
        ("none", {"max_mae": 1}, "unknown for binary_classification"),
    ],
)
def test_what_cannot_be_judged_has_an_exit_code_of_its_own(
    files: Any, spec: Any, capsys: Any, champion: str, gates: dict[str, Any], words: str
) -> None:
    spec(gates)
    assert gate.main(arguments(files, champion)) == 2
    assert words in capsys.readouterr().err


def test_an_unknown_model_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert gate.main(["flight_delay"]) == 2
    assert "Did you mean flight_delays?" in capsys.readouterr().err


def test_half_of_the_folders_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        gate.main(["flight_delays", "--training-output", "x"])
    assert ended.value.code == 2
    assert "belong together" in capsys.readouterr().err


def test_the_newest_candidate_is_judged_again_by_todays_gates(
    files: Any, spec: Any, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FakeMlflow(tmp_path / "server")
    monkeypatch.setattr(gate, "MlflowRegistryHook", lambda: server)
    judge = EvaluateModelOperator(
        task_id="evaluate",
        model="flight_delays",
        training_output=str(files[0]),
        training_set=str(files[1]),
        task="binary_classification",
        gates={"min_roc_auc": 0.6},
    )
    ti = SimpleNamespace(dag_id="train", run_id="manual__1", task_id="evaluate", map_index=-1)
    run = SimpleNamespace(triggering_user_name=None)
    judge.hook = server
    run_id = judge.execute({"ti": ti, "dag_run": run, "dag": SimpleNamespace(folder=str(tmp_path))})["run_id"]
    register = RegisterModelOperator(task_id="register", model="flight_delays", run_id=run_id)
    register.hook = server
    register.execute({})
    spec({"min_roc_auc": 0.6, "max_loss_against_champion": 0})
    assert gate.main(["flight_delays"]) == 0
    assert "no champion yet" in capsys.readouterr().out
    spec({"min_roc_auc": 0.999})
    assert gate.main(["flight_delays", "--version", "1"]) == 1
    assert gate.main(["flight_delays", "--version", "2"]) == 2
    assert "version 2 of model 'flight_delays'" in capsys.readouterr().err
