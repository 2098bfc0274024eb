"""The router model: answers for the champion in its own process and calls another version for its share only.

Copied to `<model>/1/` of the model repository, with this package beside it. Runs in Triton's environment.
"""

import json
import random
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb

from shamal.providers.triton.router.champion import Champion, Serving
from shamal.providers.triton.router.prediction_log import Entry, PredictionLog

END_OF_TIME = 253_402_300_800_000_000  # microseconds; the year 10000, which no calendar of the readers knows


class TritonPythonModel:
    """What Triton calls."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read the route, build the champion's session, start the prediction log."""
        folder = Path(args["model_repository"])
        settings = {key: value["string_value"] for key, value in json.loads(args["model_config"])["parameters"].items()}
        self.name = folder.name
        self.champion = Champion(folder, pb.Logger.log_warn)
        self.log = PredictionLog(
            Path(settings["prediction_log"]),
            seconds=float(settings["prediction_log_seconds"]),
            warn=pb.Logger.log_warn,
        )

    def finalize(self) -> None:
        """Close the open segment of the prediction log."""
        self.champion.close()
        self.log.close()

    def execute(self, requests: list[Any]) -> list[Any]:
        """Return one response per request, in order: each is answered by one version."""
        serving, now = self.champion.serving, time.time()
        shares = serving.route.shares(now)
        answers: list[Any] = [None] * len(requests)
        for version, positions in _assign(shares, len(requests)).items():
            group = [requests[position] for position in positions]
            if version == serving.route.champion:
                scores = self._champion(serving, group)
            else:
                scores = [self._candidate(version, serving, request) for request in group]
            for position, request, (answered_by, score) in zip(positions, group, scores, strict=True):
                answers[position] = self._respond(request, answered_by, score, now)
        return answers

    def _champion(self, serving: Serving, requests: list[Any]) -> list[tuple[int, Any]]:
        """Run the requests of the batch together; an error is the answer of those it concerns."""
        version, columns = serving.route.champion, serving.columns
        features = [_array(request, "features") for request in requests]
        fitting = [rows for rows in features if columns in (None, rows.shape[1])]
        try:
            scores: Any = serving.session.run(["score"], {"features": np.concatenate(fitting)})[0] if fitting else None
        except Exception as error:  # noqa: BLE001 - onnxruntime has no common base class; the client gets the message
            return [(version, error) for _ in requests]
        answers: list[tuple[int, Any]] = []
        start = 0
        for rows in features:
            if columns not in (None, rows.shape[1]):
                wrong = f"features has {rows.shape[1]} columns; {self.name} version {version} takes {columns}"
                answers.append((version, ValueError(wrong)))
                continue
            answers.append((version, scores[start : start + len(rows)].reshape(-1)))
            start += len(rows)
        return answers

    def _candidate(self, version: int, serving: Serving, request: Any) -> tuple[int, Any]:
        """Call the version's own model; a candidate that fails is answered for by the champion."""
        # The request's own tensor is passed on: one made of an ndarray reaches the stub empty under numpy 2.
        features = pb.get_input_tensor_by_name(request, "features")
        call = pb.InferenceRequest(
            model_name=f"{self.name}__v{version}", requested_output_names=["score"], inputs=[features]
        )
        response = call.exec()
        if response.has_error():
            pb.Logger.log_warn(f"{self.name} version {version} failed: {response.error().message()}")
            return self._champion(serving, [request])[0]
        # A copy: the response's memory is given back while the prediction log still holds the scores.
        return version, pb.get_output_tensor_by_name(response, "score").as_numpy().reshape(-1).copy()

    def _respond(self, request: Any, version: int, scores: Any, now: float) -> Any:
        if isinstance(scores, Exception):
            return pb.InferenceResponse(error=pb.TritonError(str(scores), pb.TritonError.INVALID_ARG))
        timestamps = _array(request, "event_timestamp")
        if timestamps is not None and not ((timestamps >= 0) & (timestamps < END_OF_TIME)).all():
            wrong = "event_timestamp holds a value that is not microseconds since 1970 (UTC)"
            return pb.InferenceResponse(error=pb.TritonError(wrong, pb.TritonError.INVALID_ARG))
        ids = [uuid.uuid4().hex for _ in range(len(scores))]
        if _logged(request):
            entities = _array(request, "entity_id")
            self.log.put(
                Entry(
                    time=now,
                    prediction_ids=ids,
                    entity_ids=None
                    if entities is None
                    else [entity.decode(errors="replace") for entity in entities.reshape(-1)],
                    event_timestamps=None if timestamps is None else timestamps.reshape(-1).tolist(),
                    version=version,
                    features=_array(request, "features").copy(),
                    scores=scores,
                )
            )
        return pb.InferenceResponse(
            [
                pb.Tensor("score", np.ascontiguousarray(scores)),
                pb.Tensor("model_version", np.full(len(scores), version, np.int32)),
                pb.Tensor("prediction_id", np.array(ids, np.object_)),
            ]
        )


def _assign(shares: dict[int, float], requests: int) -> dict[int, list[int]]:
    """Return the positions of the requests that each version answers."""
    if len(shares) == 1:
        return {next(iter(shares)): list(range(requests))}
    assigned: dict[int, list[int]] = {}
    drawn = random.choices(list(shares), list(shares.values()), k=requests)  # noqa: S311 - traffic, not secrets
    for position, version in enumerate(drawn):
        assigned.setdefault(version, []).append(position)
    return assigned


def _array(request: Any, name: str) -> Any:
    tensor = pb.get_input_tensor_by_name(request, name)
    return None if tensor is None else tensor.as_numpy()


def _logged(request: Any) -> bool:
    """A request with the parameter `log` false (a probe, a benchmark) is no prediction."""
    parameters = request.parameters()
    return not (parameters and json.loads(parameters).get("log") is False)
