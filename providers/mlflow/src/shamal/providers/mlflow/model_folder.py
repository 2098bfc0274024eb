"""An MLflow model folder that holds plain ONNX and nothing else: written, and checked before use."""

import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shamal.providers.mlflow.errors import UnsafeArtifact
from shamal.providers.mlflow.onnx_model import INPUT, OUTPUT

ONNX, GOLDEN = "model.onnx", "golden.json"
ALLOWED_FILES = {"MLmodel", ONNX, GOLDEN, "conda.yaml", "python_env.yaml", "requirements.txt"}
ALLOWED_FLAVORS = {"onnx", "python_function"}


def write(onnx_file: Path, golden: Path, width: int, folder: Path, identity: dict[str, str]) -> None:
    """Write the folder in MLflow's ONNX format, with the model's own bytes and the golden requests.

    :param width: number of features.
    :param folder: must not exist yet.
    :param identity: run_id, model_id and artifact_path that MLflow knows the model by.
    """
    import numpy as np
    import onnx

    import mlflow.onnx
    from mlflow.models import Model, ModelSignature
    from mlflow.types import Schema, TensorSpec

    float32 = np.dtype(np.float32)
    mlflow.onnx.save_model(
        onnx.load(onnx_file, load_external_data=False),
        folder,
        mlflow_model=Model(**identity),
        signature=ModelSignature(
            inputs=Schema([TensorSpec(float32, (-1, width), INPUT)]),
            outputs=Schema([TensorSpec(float32, (-1,), OUTPUT)]),
        ),
        # Given, because MLflow would start a second process for ten seconds to find them out.
        pip_requirements=[f"{name}=={version(name)}" for name in ("onnx", "onnxruntime")],
        onnx_execution_providers=["CPUExecutionProvider"],
        save_as_external_data=False,
    )
    # MLflow writes the model anew; its digest must stay the one that was evaluated.
    shutil.copyfile(onnx_file, folder / ONNX)
    shutil.copyfile(golden, folder / GOLDEN)


def require_plain_onnx(folder: Path) -> None:
    """Refuse a folder with any other file than those of a plain ONNX model, or an MLmodel that would run code.

    :raises UnsafeArtifact: names what was found.
    """
    import yaml

    found = {str(path.relative_to(folder)): path for path in folder.rglob("*")}
    odd = sorted(name for name, path in found.items() if name not in ALLOWED_FILES or path.is_symlink())
    absent = sorted({"MLmodel", ONNX} - set(found))
    if odd or absent:
        raise UnsafeArtifact(
            f"the model folder has {odd or 'nothing odd'} and lacks {absent or 'nothing'}; only "
            f"{', '.join(sorted(ALLOWED_FILES))} are allowed: find out who uploaded it, and train again"
        )
    described: dict[str, Any] = yaml.safe_load((folder / "MLmodel").read_text()) or {}
    flavors: dict[str, Any] = described.get("flavors") or {}
    loader = flavors.get("python_function", {}).get("loader_module", "mlflow.onnx")
    code = [name for name, flavor in flavors.items() if flavor.get("code")]
    if "onnx" not in flavors or not set(flavors) <= ALLOWED_FLAVORS or loader != "mlflow.onnx" or code:
        raise UnsafeArtifact(
            f"the MLmodel file has the flavors {sorted(flavors)}, loader {loader!r} and code in {code}; "
            "only plain ONNX is served: train again with TorchTrainOperator and EvaluateModelOperator"
        )
