import hashlib
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.mlflow import model_folder
from shamal.providers.mlflow.errors import UnsafeArtifact

IDENTITY = {"run_id": "0" * 32, "model_id": "m-1", "artifact_path": "model"}


@pytest.fixture
def folder(training_output: Any, tmp_path: Path) -> Path:
    golden = tmp_path / "golden.json"
    golden.write_text("{}")
    model_folder.write(training_output() / "model.onnx", golden, 3, tmp_path / "model", IDENTITY)
    return tmp_path / "model"


def test_the_written_folder_keeps_the_models_bytes_and_is_plain(folder: Path, tmp_path: Path) -> None:
    model_folder.require_plain_onnx(folder)
    digests = {hashlib.sha256((at / "model.onnx").read_bytes()).hexdigest() for at in (folder, tmp_path / "output")}
    assert len(digests) == 1


@pytest.mark.parametrize("name", ["model.pkl", "code/loader.py", "model.onnx.data"])
def test_another_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("x")
    with pytest.raises(UnsafeArtifact, match=name.split("/", maxsplit=1)[0]):
        model_folder.require_plain_onnx(folder)


def test_a_link_is_refused(folder: Path) -> None:
    (folder / "golden.json").unlink()
    (folder / "golden.json").symlink_to("/etc/hostname")
    with pytest.raises(UnsafeArtifact, match=r"golden\.json"):
        model_folder.require_plain_onnx(folder)


@pytest.mark.parametrize(
    "described",
    [
        "",
        "flavors: {sklearn: {pickled_model: model.onnx}}",
        "flavors: {onnx: {}, python_function: {loader_module: mlflow.sklearn}}",
        "flavors: {onnx: {code: code}}",
    ],
)
def test_a_description_that_would_run_code_is_refused(folder: Path, described: str) -> None:
    (folder / "MLmodel").write_text(described)
    with pytest.raises(UnsafeArtifact, match="flavors"):
        model_folder.require_plain_onnx(folder)
