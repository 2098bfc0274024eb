"""Keeps the champion's ONNX session in this process and follows `router.json`."""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # noqa: TID253 - this module is only ever imported by Triton and its tests

from shamal.providers.triton.router import route as routes
from shamal.providers.triton.router import settings
from shamal.providers.triton.router.warm_up import p99_when_warm

READ_EVERY_SECONDS = 0.25
# A rollback must never wait long for a slow model: after this time the champion serves as warm as it is.
WARM_UP_SECONDS = 2.0


@dataclass(frozen=True)
class Serving:
    """A route whose champion is ready to answer.

    :param columns: width of the champion's feature matrix; None when the model leaves it open.
    :param others: how the other versions of the route are served.
    """

    route: routes.Route
    session: Any
    columns: int | None
    others: dict[int, settings.ServingSettings]

    def scores(self, features: Any) -> Any:
        """Return the champion's scores, float32 [N].

        :param features: float32 [N, F].
        :raises ValueError: F is not what the champion takes.
        """
        if self.columns not in (None, features.shape[1]):
            raise ValueError(
                f"features has {features.shape[1]} columns; version {self.route.champion} takes {self.columns}"
            )
        return self.session.run(["score"], {"features": features})[0].reshape(-1)


class Champion:
    """Follows the route: a new champion's session is built beside the one in use, then swapped in.

    Whatever is wrong with a new file or a new model is reported once and changes nothing.

    :param folder: the router's folder in the model repository; versions lie beside it as `<model>__v<n>`.
    :param warn: called with a sentence that says what was refused.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self._folder, self._warn = folder, warn
        self._path = folder / "router.json"
        self._seen = self._path.stat().st_mtime_ns
        self.serving = self._build(routes.read(self._path))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="route", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop following the file."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _follow(self) -> None:
        while not self._stop.wait(READ_EVERY_SECONDS):
            try:
                changed = self._path.stat().st_mtime_ns
                if changed != self._seen:
                    self._seen = changed
                    self.serving = self._build(routes.read(self._path))
            except Exception as error:  # noqa: BLE001 - onnxruntime's errors share no base class; the last good route stays
                self._warn(f"{self._path} was not taken, version {self.serving.route.champion} goes on: {error}")

    def _build(self, route: routes.Route) -> Serving:
        others = {
            version: settings.read(version_folder(self._folder, version))
            for version in route.versions
            if version != route.champion
        }
        serving: Serving | None = getattr(self, "serving", None)
        if serving and serving.route.champion == route.champion:
            return Serving(route, serving.session, serving.columns, others)
        session = open_session(version_folder(self._folder, route.champion))
        columns = session.get_inputs()[0].shape[1]
        built = Serving(route, session, columns if isinstance(columns, int) else None, others)
        self._warm_up(built)
        return built

    def _warm_up(self, serving: Serving) -> None:
        """Run the golden rows one by one; a champion that stays slow serves all the same, deploying judged it."""
        folder = version_folder(self._folder, serving.route.champion)
        rows = np.array(json.loads((folder / "golden.json").read_text())["inputs"], np.float32)
        limit = settings.read(folder).warm_up_p99_ms
        p99 = p99_when_warm(
            lambda number: serving.scores(rows[number % len(rows)][np.newaxis]), limit, seconds=WARM_UP_SECONDS
        )
        if p99 > limit:
            self._warn(f"version {serving.route.champion} has a p99 of {p99:.1f} ms when warm, its limit is {limit:g}")


def version_folder(router: Path, version: int) -> Path:
    """Return where Triton's model of one version lies."""
    return router.with_name(f"{router.name}__v{version}")


def open_session(folder: Path) -> Any:
    """Return an ONNX session on a version's file, after comparing it with the digest it was deployed with.

    :raises ValueError: the file is not the one that was deployed.
    """
    model = folder / "1" / "model.onnx"
    deployed = (folder / "model.onnx.sha256").read_text().split()[0]
    content = model.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != deployed:
        raise ValueError(f"{model} has sha256 {found}, deployed was {deployed}; deploy the version again")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
