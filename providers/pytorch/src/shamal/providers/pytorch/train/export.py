"""Exports a trained module as one ONNX file and proves that it answers as torch does."""

import logging
import os
import warnings
from pathlib import Path

import onnx  # noqa: TID253 - this module is imported in the pod only
import onnxruntime  # noqa: TID253 - this module is imported in the pod only
import torch  # noqa: TID253 - this module is imported in the pod only
from torch import nn  # noqa: TID253 - this module is imported in the pod only

from shamal.providers.pytorch.train.errors import TrainingInputError

# The newest pair that serving environments of numpy 1.26 still load.
OPSET = 18
IR_VERSION = 8
CHECKED_ROWS = 4096


class Scored(nn.Module):  # type: ignore[misc]
    """The module with the output that is served: a probability or a value, [N]."""

    def __init__(self, module: nn.Module, probability: bool) -> None:
        super().__init__()
        self.module = module
        self.probability = probability

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return one score per row."""
        out: torch.Tensor = self.module(features)
        return torch.sigmoid(out) if self.probability else out


def export(scored: Scored, rows: torch.Tensor, path: Path, allowed: float) -> float:
    """Write the ONNX file by rename and return the largest difference from torch on the rows.

    :param rows: real rows [N, F]; at most 4096 of them are compared
    :param allowed: largest accepted difference
    :raises TrainingInputError: the file answers differently than torch
    """
    sample = rows[:CHECKED_ROWS]
    proto = _graph(scored, sample[:2])
    proto.ir_version = IR_VERSION
    onnx.checker.check_model(proto)
    content = proto.SerializeToString()
    difference = _difference(content, scored, sample)
    if not difference <= allowed:
        raise TrainingInputError(
            f"the ONNX file differs from torch by {difference:.2e}, allowed are {allowed:.0e}: "
            "look for operations in forward() that depend on the batch or on Python values"
        )
    write(path, content)
    return difference


def _graph(scored: Scored, example: torch.Tensor) -> onnx.ModelProto:
    # The exporter reports libraries that are not installed and its own deprecations; neither concerns the reader.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        program = torch.onnx.export(
            scored,
            (example,),
            input_names=["features"],
            output_names=["score"],
            opset_version=OPSET,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            verbose=False,
        )
    return program.model_proto


def write(path: Path, content: bytes) -> None:
    """Put the content at the path in one step."""
    beside = path.with_name(path.name + ".tmp")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _difference(content: bytes, scored: Scored, rows: torch.Tensor) -> float:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = scored(rows)
    # One row alone too: a graph with a frozen batch size would pass on the full batch only.
    answers = [session.run(["score"], {"features": part.numpy()})[0] for part in (rows, rows[:1])]
    parts = [(expected, answers[0]), (expected[:1], answers[1])]
    return max(float((want - torch.from_numpy(got)).abs().max()) for want, got in parts)
