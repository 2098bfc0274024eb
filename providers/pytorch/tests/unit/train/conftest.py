import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MODEL = """
from torch import nn
class Net(nn.Module):
    def __init__(self, columns, width):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(len(columns.features), width), nn.Dropout(0.2), nn.Tanh(), nn.Linear(width, 1)
        )
    def forward(self, features):
        return self.layers(features).squeeze(1)
def build(columns, config):
    return Net(columns, config.get("width", 8))
"""


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Sum in the same order everywhere, and be quick on a busy machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    return path


@pytest.fixture
def training_set(tmp_path: Path) -> Path:
    return _write_training_set(tmp_path / "set")


@pytest.fixture
def write_training_set() -> Callable[..., Path]:
    """Write a training set; `train`, `evaluation` and `manifest` replace columns or keys."""
    return _write_training_set


def _write_training_set(folder: Path, rows: int = 400, **changes: Any) -> Path:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    random = np.random.default_rng(0)
    for name in ("train", "evaluation"):
        x, code = random.normal(size=rows), random.integers(0, 3, rows)
        columns = {
            "id": np.arange(rows),
            "event_timestamp": np.arange(rows).astype("datetime64[us]"),
            "x": x,
            "code": code.astype("int32"),
            "label": (x + code + random.normal(size=rows) > 1).astype("float64"),
        }
        pq.write_table(pa.table(columns | changes.get(name, {})), folder / f"{name}.parquet")
    manifest = {"features": ["x", "code"], "categorical": {"code": 3}, "label": "label", "digest": "d1"}
    (folder / "training_set.json").write_text(json.dumps(manifest | changes.get("manifest", {})))
    return folder


@pytest.fixture
def command(model_file: Path, training_set: Path, tmp_path: Path) -> list[str]:
    """The pod's command line, without --config."""
    return [
        sys.executable,
        *("-m", "shamal.providers.pytorch.train"),
        f"--model-file={model_file}",
        f"--training-set={training_set}",
        f"--output={tmp_path / 'output'}",
    ]
