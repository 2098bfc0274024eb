"""The router model: answers for the champion in its own process and calls another version for its share only.

Copied to `<model>/1/` of the model repository, with this package beside it. Runs in Triton's environment. With
`max_batch_size: 0` Triton hands over one request at a time; one may have many rows.
"""

import gc
import itertools
import json
import random
import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb

from shamal.providers.triton.router.champion import Champion, Serving
from shamal.providers.triton.router.keyed import Features, OnlineFeatures, StoreUnavailable
from shamal.providers.triton.router.observations import Observations
from shamal.providers.triton.router.others import Others, Split
from shamal.providers.triton.router.prediction_log import Entry, PredictionLog
from shamal.providers.triton.router.sticky import point, version_at

END_OF_TIME = 253_402_300_800_000_000  # microseconds; the year 10000, which no calendar of the readers knows


@dataclass(frozen=True)
class Question:
    """A request, read.

    :param features: float32 [N, F].
    :param entity_ids: [N].
    :param timestamps: int64 [N], microseconds since 1970 (UTC).
    :param logged: False for a probe or benchmark.
    :param found: what the online store had for the entities of a request without features.
    """

    features: Any
    entity_ids: list[bytes] | None
    timestamps: Any
    logged: bool
    found: Features | None = None


class TritonPythonModel:
    """What Triton calls."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read the route, build the champion's session, start the threads that work beside the requests."""
        folder = Path(args["model_repository"])
        settings = {key: value["string_value"] for key, value in json.loads(args["model_config"])["parameters"].items()}
        self.name = folder.name
        self.warn = pb.Logger.log_warn
        log = Path(settings["prediction_log"])
        self.champion = Champion(folder, self.warn)
        self.online = OnlineFeatures(folder)
        self.log = PredictionLog(log, seconds=float(settings["prediction_log_seconds"]), warn=self.warn)
        self.observations = Observations(log, self.warn)
        self.others = Others(self._ask, self.observations, lambda text: self.warn(f"{self.name}: {text}"))
        self.started, self.predictions = secrets.token_hex(12), itertools.count()

    def finalize(self) -> None:
        """Write what is counted and close the open segment of the prediction log."""
        for part in (self.champion, self.online, self.others, self.observations, self.log):
            part.close()
        # What is left of requests and answers must go before the memory that Triton shares with this process.
        gc.collect()

    def execute(self, requests: list[Any]) -> list[Any]:
        """Return one response per request, in order; None for one that is answered later."""
        serving, now = self.champion.serving, time.time()
        return [self._answer(request, serving, now) for request in requests]

    def _answer(self, request: Any, serving: Serving, now: float) -> Any:
        try:
            champion, shares, shadow = serving.route.champion, serving.route.shares(now), serving.route.shadowed(now)
            question = _read(request, self.online, champion)
            if len(shares) > 1:
                assigned = self._assign(question, shares, champion)
                if any(version != champion for version in assigned):
                    return self._split(request, question, serving, assigned)
            start = time.perf_counter()
            scores = serving.scores(question.features)
            if not question.logged:  # a probe is no traffic: nobody learns from it how a version does
                shadow, shares = None, {champion: 1.0}
            if len(shares) > 1 or shadow:
                self.observations.request(champion, time.perf_counter() - start)
            if shadow:
                self.others.copy(shadow, question.features.copy(), scores, serving)
            return self._response(question, scores, [champion] * len(scores), serving)
        except Exception as error:  # noqa: BLE001 - onnxruntime has no common base class; the client gets the message
            return self._refusal(error)

    def _assign(self, question: Question, shares: dict[int, float], champion: int) -> list[int]:
        """Return the version of each row: by its entity, or drawn once for a request without entities."""
        if question.entity_ids is None:
            drawn = version_at(random.random(), shares, champion)  # noqa: S311 - traffic, not secrets
            return [drawn] * len(question.features)
        return [version_at(point(self.name, entity), shares, champion) for entity in question.entity_ids]

    def _split(self, request: Any, question: Question, serving: Serving, assigned: list[int]) -> Any:
        """Return None and answer when the other versions have; at once when there is no room for the question."""
        # Copies: Triton takes the request's memory back when `execute` returns.
        question = replace(
            question,
            features=question.features.copy(),
            timestamps=None if question.timestamps is None else question.timestamps.copy(),
        )
        split, sender = Split(question.features, assigned, serving), request.get_response_sender()

        def response() -> Any:
            try:
                scores, versions = self.others.combine(split)
                return self._response(question, scores, versions, serving)
            except Exception as error:  # noqa: BLE001 - the champion failed too; the client gets the message
                return self._refusal(error)

        if self.others.submit(split, lambda: sender.send(response(), flags=pb.TRITONSERVER_RESPONSE_COMPLETE_FINAL)):
            return None
        return response()

    def _ask(self, version: int, features: Any) -> Any:
        """Return the scores of a version's own Triton model, float32 [N].

        :raises RuntimeError: Triton says why it has none.
        """
        call = pb.InferenceRequest(
            model_name=f"{self.name}__v{version}",
            requested_output_names=["score"],
            # Not from_dlpack: outside `execute` it ended the process (python backend of Triton 2.51, numpy 1.26).
            inputs=[pb.Tensor("features", np.ascontiguousarray(features))],
        )
        response = call.exec()
        if response.has_error():
            raise RuntimeError(response.error().message())
        # A copy: the response's memory is given back.
        return pb.get_output_tensor_by_name(response, "score").as_numpy().copy()

    def _refusal(self, error: Exception) -> Any:
        code = pb.TritonError.UNAVAILABLE if isinstance(error, StoreUnavailable) else pb.TritonError.INVALID_ARG
        return pb.InferenceResponse(error=pb.TritonError(f"{self.name}: {error}", code))

    def _response(self, question: Question, scores: Any, versions: list[int], serving: Serving) -> Any:
        ids = [f"{self.started}{next(self.predictions):08x}" for _ in versions]
        if question.logged:
            entities = question.entity_ids
            self.log.put(
                Entry(
                    time=time.time(),
                    prediction_ids=ids,
                    entity_ids=None if entities is None else [entity.decode(errors="replace") for entity in entities],
                    event_timestamps=None if question.timestamps is None else question.timestamps.tolist(),
                    versions=versions,
                    arms=serving.route.arms,
                    features=question.features.copy(),
                    scores=scores,
                )
            )
        outputs = [
            pb.Tensor("score", np.ascontiguousarray(scores)),
            pb.Tensor("model_version", np.array(versions, np.int32)),
            pb.Tensor("prediction_id", np.array(ids, np.object_)),
        ]
        if question.found is not None:
            outputs += [
                pb.Tensor("features_status", np.array(question.found.statuses, np.object_)),
                pb.Tensor("features_age_s", question.found.ages),
            ]
        return pb.InferenceResponse(outputs)


def _read(request: Any, online: OnlineFeatures, champion: int) -> Question:
    """Return what a request asks; features that it does not hold are looked up by its entities, for the champion.

    :raises ValueError: an input does not fit the others or holds what cannot be meant.
    :raises StoreUnavailable: the features cannot be looked up now.
    """
    inputs = {tensor.name(): tensor.as_numpy() for tensor in request.inputs()}
    features: Any = inputs.get("features")
    entities: Any = inputs.get("entity_id")
    timestamps = inputs.get("event_timestamp")
    rows = entities if features is None else features
    if rows is None:
        raise ValueError("neither features nor entity_id is given; send one of them, or both")
    for name, values in (("entity_id", entities), ("event_timestamp", timestamps)):
        if values is not None and len(values) != len(rows):
            raise ValueError(f"{name} has {len(values)} values for {len(rows)} rows; give one for each")
    if timestamps is not None and not ((timestamps >= 0) & (timestamps < END_OF_TIME)).all():
        raise ValueError("event_timestamp holds a value that is not microseconds since 1970 (UTC)")
    found = None
    if features is None:
        times = None if timestamps is None else (timestamps / 1e6).tolist()
        found = online.lookup(champion, [entity.decode(errors="replace") for entity in entities], times)
        features = found.matrix
    return Question(features, None if entities is None else entities.tolist(), timestamps, _logged(request), found)


def _logged(request: Any) -> bool:
    """A request with the parameter `log` false (a probe, a benchmark) is no prediction."""
    parameters = request.parameters()
    return '"log"' not in parameters or json.loads(parameters)["log"] is not False
