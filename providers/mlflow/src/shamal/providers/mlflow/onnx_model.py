"""Runs an ONNX model as it will be served: scores, latency, robustness, golden requests."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shamal.providers.mlflow.errors import InvalidTrainingOutput, SignatureMismatch
from shamal.providers.mlflow.training_set import TrainingSet

if TYPE_CHECKING:
    import numpy as np
    from onnxruntime import InferenceSession

INPUT, OUTPUT = "features", "score"
BATCH = 8192
GOLDEN_ROWS = 16
GOLDEN_TOLERANCE = 1e-4
EXTREME = 1e9  # a wrong unit or a sensor gone mad, far outside any training range


def load(path: Path, training_set: TrainingSet) -> "InferenceSession":
    """Return a CPU session of the model.

    :raises SignatureMismatch: its inputs and outputs are not those of the training set's features.
    :raises InvalidTrainingOutput: ONNX Runtime cannot load the file.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except (ort_errors.Fail, ort_errors.InvalidProtobuf, ort_errors.InvalidGraph, ort_errors.NotImplemented) as error:
        raise InvalidTrainingOutput(f"ONNX Runtime cannot load {path}: {error}") from error
    inputs = {each.name: (each.type, each.shape) for each in session.get_inputs()}
    outputs = {each.name: (each.type, len(each.shape)) for each in session.get_outputs()}
    width = len(training_set.features)
    found = inputs.get(INPUT, ("", []))
    if list(inputs) != [INPUT] or found[0] != "tensor(float)" or len(found[1]) != 2 or found[1][1] != width:
        raise SignatureMismatch(
            f"{path} takes {inputs}; expected {INPUT!r} float32 [-1, {width}], the features "
            f"{', '.join(training_set.features)} of training_set.json; train again on this training set"
        )
    if outputs != {OUTPUT: ("tensor(float)", 1)}:
        raise SignatureMismatch(f"{path} gives {outputs}; expected {OUTPUT!r} float32 [-1]; correct train.py")
    return session


def score(session: "InferenceSession", features: "np.ndarray") -> "np.ndarray":
    """Return the scores [N] of features [N, F]."""
    import numpy as np

    starts = range(0, len(features), BATCH)
    return np.concatenate([session.run([OUTPUT], {INPUT: features[at : at + BATCH]})[0] for at in starts])


def latency_ms(session: "InferenceSession", row: "np.ndarray", calls: int = 500) -> tuple[float, float]:
    """Return the median and 99th percentile in milliseconds of scoring one row [1, F]."""
    import numpy as np

    taken = []
    for _ in range(calls + 20):
        start = time.perf_counter()
        session.run([OUTPUT], {INPUT: row})
        taken.append((time.perf_counter() - start) * 1000)
    p50, p99 = np.percentile(taken[20:], [50, 99])  # the first calls only warm up
    return float(p50), float(p99)


def robustness_failure(session: "InferenceSession", training_set: TrainingSet, task: str) -> str | None:
    """Return how the model fails on missing, extreme and unseen values, or None when every score is usable."""
    import numpy as np
    from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

    sizes = [training_set.categorical.get(name) for name in training_set.features]
    rows = {
        "a row of missing values": [np.nan] * len(sizes),
        "a row of zeros": [0.0] * len(sizes),
        f"values of {EXTREME:g} and unseen codes": [EXTREME if size is None else size + 1000.0 for size in sizes],
        f"values of {-EXTREME:g} and negative codes": [-EXTREME if size is None else -1.0 for size in sizes],
    }
    for name, row in rows.items():
        try:
            (given,) = score(session, np.array([row], dtype=np.float32))
        except (ort_errors.RuntimeException, ort_errors.InvalidArgument, ort_errors.Fail) as error:
            return f"{name} fails: {str(error).splitlines()[0][:200]}"
        if not np.isfinite(given) or (task == "binary_classification" and not 0 <= given <= 1):
            return f"{name} scores {given}"
    return None


def golden_requests(session: "InferenceSession", features: "np.ndarray", names: tuple[str, ...]) -> dict[str, Any]:
    """Return rows spread over the evaluation set with the scores that any server of this model must give.

    Missing values are null, so that the document is plain JSON.
    """
    import numpy as np

    chosen = features[np.linspace(0, len(features) - 1, min(GOLDEN_ROWS, len(features)), dtype=int)]
    scores = score(session, chosen)
    return {
        "features": list(names),
        "inputs": [[None if np.isnan(value) else float(value) for value in row] for row in chosen],
        "scores": [float(value) for value in scores],
        "tolerance": GOLDEN_TOLERANCE,
    }


def write_golden(path: Path, golden: dict[str, Any]) -> None:
    """Write golden requests as a file."""
    path.write_text(json.dumps(golden, indent=1))
