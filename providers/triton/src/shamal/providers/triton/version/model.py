"""Answers for one version: ONNX Runtime inside Triton's python backend.

Copied into each version's folder when the server has no `onnxruntime` backend of its own. Runs in Triton's
environment, which has numpy and onnxruntime only.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # noqa: TID253 - this module is only ever imported by Triton
import triton_python_backend_utils as pb


class TritonPythonModel:
    """One ONNX session; requests of a batch are run together and answered one by one."""

    def initialize(self, args: dict[str, str]) -> None:
        """Build the session, so that a file that cannot be run fails the load and not a request."""
        folder = Path(args["model_repository"]) / args["model_version"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def execute(self, requests: list[Any]) -> list[Any]:
        """Return one response per request, in order."""
        features = [pb.get_input_tensor_by_name(request, "features").as_numpy() for request in requests]
        try:
            scores = self.session.run(["score"], {"features": np.concatenate(features)})[0].reshape(-1)
        except Exception as error:  # noqa: BLE001 - onnxruntime has no common base class; the client gets the message
            return [pb.InferenceResponse(error=pb.TritonError(str(error))) for _ in requests]
        ends = np.cumsum([len(rows) for rows in features])[:-1]
        return [
            pb.InferenceResponse([pb.Tensor("score", np.ascontiguousarray(part))]) for part in np.split(scores, ends)
        ]
