"""Faults around a good new version: its controller, a server or the disk goes away in the middle of the release."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from include.release import reconcile
from local import groups
from local.faults.outcome import Outcome
from local.faults.world import World
from local.server import NotReadyError
from local.servers import mlflow as mlflow_server
from local.supervisor import Supervisor
from shamal.providers.mlflow.errors import AliasConflict, PromotionInProgress
from shamal.providers.triton.errors import ChampionChanged, ReleaseUnderWay, RouteChanged

STEPS = [{"share": share, "seconds": 3.0} for share in (0.1, 0.3, 0.5)]
EASY = {"max_error_rate": 0.3, "max_slow_rate": 0.6, "max_disagreement_rate": 0.3}
"""Limits that few requests prove kept: here the steps matter, not what is found in them."""
ROUNDS = 100
SMALL_DISK = "256k"


def controller_killed(world: World) -> Outcome:
    """Kill the canary's controller at each step; the share must lapse, and another controller must go on."""
    champion = world.serve()
    version = champion + 1
    world.deploy(version, world.files("second"))
    waits = []
    with world.traffic() as traffic:
        run = world.begin_canary(version, STEPS, EASY)
        for step in range(len(STEPS)):
            with world.controller(run):
                _until_step(world, step)
            killed = time.time()
            waits.append(world.until_share(version, given=False) - killed)
        with world.controller(run) as last:
            out, _ = last.communicate(timeout=120)
        time.sleep(1)
    decision = json.loads(out.splitlines()[-1])["decision"]
    return Outcome(
        f"controller killed at each of {len(STEPS)} steps",
        "expiry; the next one promotes" if decision == "promote" else None,
        max(waits),
        max(waits),
        traffic.sent,
        traffic.lost,
    )


def triton_killed(world: World) -> Outcome:
    """Kill Triton with all its processes; it must come back with the approved set, not with the newest version."""
    champion = world.serve()
    world.deploy(champion + 1, world.files("second"))
    with world.traffic() as traffic:
        time.sleep(1)
        for process in groups.members(world.settings, "triton"):
            process.kill()
        killed = time.time()
        while not any(answer.sent > killed and answer.version == champion for answer in traffic.answers):
            time.sleep(0.05)
            if time.time() - killed > 120:
                break
        restored = time.time() - killed
        time.sleep(2)
    loaded = {name for name in world.triton.loaded_models() if name.startswith(world.model)}
    approved = {world.model, f"{world.model}__v{champion}"}
    stopped_by = "supervisor, with the approved set" if loaded == approved else None
    return Outcome("Triton killed", stopped_by, restored, restored, traffic.sent, traffic.lost, may_lose=True)


def mlflow_down(world: World) -> Outcome:
    """Roll back while MLflow is away: the traffic moves at once, and the alias follows when MLflow is back."""
    champion = world.serve()
    version, files = world.registered("second")
    world.deploy(version, files)
    world.promote(version, champion)
    supervisor = Supervisor(world.settings)
    with world.traffic() as traffic:
        supervisor.stop_servers(["mlflow"])
        try:
            began = time.time()
            state = world.rollback()
            last = traffic.last_answer_of(version) or began
            time.sleep(1)
        finally:
            supervisor.start_server("mlflow")
            _until_ready(world)
        reconcile.reconcile(world.triton, world.mlflow)
    follows = world.mlflow.alias_version(world.model, "champion") == champion
    paid = follows and state["owed"] == ["champion"]
    after = [answer for answer in traffic.answers if answer.version == version and answer.sent > last + 1]
    return Outcome(
        "MLflow down during a rollback",
        "rollback; the alias was owed and paid" if paid else None,
        0.0,
        max(0.0, last - began),
        traffic.sent,
        traffic.lost,
        len(after),
    )


def disk_full(world: World) -> Outcome:
    """Write a version where the disk has no room for it; needs root for a small disk of its own."""
    world.serve()
    files = world.files("large", _padded)
    incoming = world.triton.repository.root.parent / f".incoming-{world.triton.repository.root.name}"
    deploy = [sys.executable, "-m", "local.faults.deploy_alone", json.dumps({"model": world.model, **files})]
    small = f'mount -t tmpfs -o size={SMALL_DISK} tmpfs "{incoming}" && exec "$@"'
    with world.traffic() as traffic:
        time.sleep(1)
        began = time.time()
        command = ["unshare", "--mount", "sh", "-c", small, "sh", *deploy]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        seconds = time.time() - began
        time.sleep(1)
    versions = world.triton.repository.versions(world.model)
    refused = versions == [1] and "RepositoryFull" in done.stdout
    stopped_by = "deploy: RepositoryFull" if refused else None
    return Outcome("disk full while writing the version", stopped_by, seconds, seconds, traffic.sent, traffic.lost)


def two_promotions(world: World) -> Outcome:
    """Promote two versions at once, 100 times: one wins each time, the other is refused, and one of them answers."""
    champion = world.serve()
    contenders = []
    for name in ("second", "third"):
        version, files = world.registered(name)
        world.deploy(version, files)
        contenders.append(version)
    wins = refusals = 0
    one_each = False
    slowest = 0.0
    with world.traffic() as traffic, ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS):
            began = time.time()
            results = _race(world, pool, [each for each in [*contenders, 1] if each != champion][:2], champion)
            slowest = max(slowest, time.time() - began)
            wins += sum(result is None for result in results)
            refusals += sum(isinstance(result, REFUSED) for result in results)
            route = world.triton.repository.route(world.model)
            champion = route.champion if route else 0
            if world.mlflow.alias_version(world.model, "champion") != champion:
                break
        else:
            one_each = (wins, refusals) == (ROUNDS, ROUNDS)
    stopped_by = f"one winner in each of {ROUNDS} rounds" if one_each else None
    return Outcome("two promotions at once", stopped_by, slowest, slowest, traffic.sent, traffic.lost)


REFUSED = (AliasConflict, ChampionChanged, PromotionInProgress, ReleaseUnderWay, RouteChanged)


def _race(world: World, pool: ThreadPoolExecutor, versions: list[int], champion: int) -> list[Exception | None]:
    """Promote the versions at the same moment; return what each got, None for the one that won."""
    start = threading.Barrier(len(versions))

    def promote(version: int) -> Exception | None:
        start.wait()
        try:
            world.promote(version, champion)
        except Exception as error:  # noqa: BLE001 - which one it is decides the round
            return error
        return None

    return list(pool.map(promote, versions))


def _until_step(world: World, step: int, seconds: float = 90) -> None:
    path = world.triton.repository.root / world.model / "canary.json"
    deadline = time.time() + seconds
    while time.time() < deadline:
        state: dict[str, Any] = json.loads(path.read_text())
        if state["step"] == step and state["elapsed"] > 0.5:
            return
        time.sleep(0.1)
    raise TimeoutError(f"the canary of {world.model} did not come to step {step}: {state}")


def _until_ready(world: World, seconds: float = 90) -> None:
    deadline = time.time() + seconds
    while True:
        try:
            mlflow_server.SERVER.ready(world.settings)
        except NotReadyError:
            if time.time() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def _padded(model: Any) -> None:
    """Make the file larger than the small disk."""
    import numpy as np
    from onnx import numpy_helper

    model.graph.initializer.append(numpy_helper.from_array(np.zeros(200_000, np.float32), "padding"))
