"""Faults that lie in the new version: it must be stopped before or during its canary, and nobody may notice."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local import groups
from local.faults import models
from local.faults.outcome import Outcome
from local.faults.world import COLUMNS, SLICE, SPOILED, World
from shamal.providers.triton.errors import DeploymentRefused

STEPS = [{"share": 0.1, "seconds": 60.0}]


def crashes_at_load(world: World) -> Outcome:
    """Deploy a file that is no model."""
    world.serve()
    files = world.files("broken")
    return _refused(world, "candidate crashes at load", files | _corrupt(files))


def crashes_under_load(world: World) -> Outcome:
    """Kill the candidate's process whenever it is there, while it has its share."""

    def kill(version: int) -> None:
        for process in groups.members(world.settings, "triton"):
            if any(f"{world.model}__v{version}" in part for part in process.cmdline()):
                process.kill()

    return _canary(world, "candidate crashes under load", models.untouched, during=kill)


def slow(world: World) -> Outcome:
    """Route a share to a version that takes several times as long."""
    return _canary(world, "candidate is 3x slower", models.slow(products=24))


def not_a_number(world: World) -> Outcome:
    """Route a share to a version that answers NaN for some rows."""
    return _canary(world, "candidate answers NaN", models.not_a_number(SPOILED, above=0.3))


def wrong_schema(world: World) -> Outcome:
    """Route a share to a version that takes another number of features."""
    import numpy as np

    models.write_good(world.scratch / "wide.onnx", COLUMNS + 1)
    wide = np.column_stack([world.rows, world.rows[:, 0]])[:50]
    files = models.write(world.scratch / "wide.onnx", world.scratch / "wide", models.untouched, wide)

    return _canary(world, "candidate has another schema", models.untouched, files=files)


def wrong_slice(world: World) -> Outcome:
    """Route a share to a version that says the opposite for one of four categories."""
    # A quarter of the rows are in the slice, and not all of their scores move by more than 0.1.
    limits = {"max_disagreement_rate": 0.05}
    return _canary(world, "candidate is wrong on one slice", models.wrong_slice(SLICE, code=2.0), limits=limits)


def _refused(world: World, fault: str, files: dict[str, str]) -> Outcome:
    with world.traffic() as traffic:
        time.sleep(1)
        began = time.time()
        try:
            world.deploy(2, files)
        except DeploymentRefused as error:
            stopped_by: str | None = f"deploy: {type(error).__name__}"
        else:
            stopped_by = None
        seconds = time.time() - began
        time.sleep(1)
    return Outcome(fault, stopped_by, seconds, seconds, traffic.sent, traffic.lost, traffic.by_version.get(2, 0))


def _canary(
    world: World,
    fault: str,
    spoil: Any,
    *,
    files: dict[str, str] | None = None,
    limits: dict[str, float] | None = None,
    during: Callable[[int], None] = lambda version: None,
) -> Outcome:
    """Bring a spoiled version as far as its canary and measure until it has no share any more."""
    champion = world.serve()
    version = champion + 1
    world.deploy(version, files or world.files("spoiled", spoil))
    with world.traffic() as traffic:
        time.sleep(1)
        with world.controller(world.begin_canary(version, STEPS, limits)) as controller:
            began = world.until_share(version, given=True)
            while version in _weights(world):
                during(version)
                time.sleep(0.05)
            switched = time.time()
            out, _ = controller.communicate(timeout=60)
        time.sleep(1)
    after = [answer for answer in traffic.answers if answer.version == version and answer.sent > switched]
    last = max([switched, *(answer.sent for answer in after)])
    decided = json.loads(out.splitlines()[-1])
    stopped_by = f"canary: {decided['reason'].split()[0]}" if decided["decision"] == "rollback" else None
    return Outcome(fault, stopped_by, switched - began, last - began, traffic.sent, traffic.lost, len(after))


def _weights(world: World) -> dict[int, float]:
    route = world.triton.repository.route(world.model)
    return route.weights if route else {}


def _corrupt(files: dict[str, str]) -> dict[str, str]:
    import hashlib

    path = Path(files["path"]) / "model.onnx"
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 2])
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
