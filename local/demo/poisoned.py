"""A poisoned model passes every gate, is approved, and is stopped by its canary: `make demo-rollback`."""

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from local.demo.display import Display
from local.demo.plan import MODEL
from local.demo.story import DemoFailed, Story
from local.faults import models
from local.faults.registration import register
from local.shares import until_share
from shamal.providers.mlflow import releases
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.triton import golden
from shamal.providers.triton.repository import ModelRepository

RELEASE = f"{MODEL}_release"


def poison(mlflow: MlflowRegistryHook) -> int:
    """Register a copy of the champion that says the opposite, as if its gates had been fooled; return its version.

    :raises DemoFailed: there is no champion yet.
    """
    if mlflow.alias_version(MODEL, "champion") is None:
        raise DemoFailed(f"{MODEL} has no champion yet; run `make demo` first")
    with tempfile.TemporaryDirectory(prefix="poisoned-") as scratch:
        folder = Path(scratch)
        champion = releases.fetch(mlflow, MODEL, scratch, alias="champion", version=None)
        rows = golden.read(Path(champion["golden"])).features
        files = models.write(Path(champion["path"]) / "model.onnx", folder / "poisoned", models.flipped, rows)
        gates = folder / "gates.json"
        gates.write_text(json.dumps(mlflow.read_json(champion["run_id"], "gates.json")))
        tags = mlflow.run_tags(champion["run_id"])
        kept = {name: tags[name] for name in releases.KEPT_TAGS if name not in releases.DIGEST_TAGS.values()}
        return register(mlflow, MODEL, files, width=rows.shape[1], tags=kept, gates=gates)


def stopped(story: Story, version: int) -> dict[str, Any]:
    """Release the version under 50 requests per second and measure how it is stopped.

    :raises DemoFailed: it was not stopped, or a request was lost.
    """
    repository = ModelRepository(Path(story.settings["SHAMAL_TRITON_MODELS"]))

    def exposed() -> tuple[float, float]:
        given = until_share(repository, MODEL, version, given=True, seconds=300)
        return given, until_share(repository, MODEL, version, given=False, seconds=120)

    with story.traffic() as traffic, ThreadPoolExecutor(1) as watch:
        run_id = story.engineer.trigger(RELEASE, {"version": version}, note="make demo-rollback")
        share = watch.submit(exposed)
        state = story.follow("Release of a poisoned version, at 50 requests/s", RELEASE, run_id, approve=True)
        given, taken = share.result()
    canary = story.engineer.xcom(RELEASE, run_id, "canary", key="canary") if state == "failed" else None
    if canary is None or canary["decision"] != "rollback":
        raise DemoFailed(f"version {version} was not stopped: the release is {state}; look at {run_id} of {RELEASE}")
    if traffic.lost:
        raise DemoFailed(f"{traffic.lost} of {traffic.sent} requests were lost: {'; '.join(traffic.errors)}")
    last = max(taken, traffic.last_answer_of(version) or taken)
    return {
        "version": version,
        "run_id": run_id,
        "reason": canary["reason"],
        "detected_seconds": round(taken - given, 1),
        "restored_seconds": round(last - given, 1),
        "answered_by_it": traffic.by_version.get(version, 0),
        "requests": traffic.sent,
        "lost": traffic.lost,
    }


def run(story: Story, display: Display) -> int:
    """Tell the story; return 0 when the poisoned version was stopped and nothing was lost."""
    try:
        version = poison(MlflowRegistryHook())
        display.say(f"Version {version} is the champion with every score turned round; its gates were fooled.")
        found = stopped(story, version)
    except (DemoFailed, TimeoutError, requests.RequestException) as error:
        display.done()
        display.say(f"\n[bold red]The demo failed.[/] {error}")
        return 1
    display.say(f"\nStopped by the canary: {found['reason']}.")
    display.say(
        f"It answered {found['answered_by_it']} of {found['requests']} requests; the champion answers alone again."
    )
    display.say(
        f"[bold]detected after {found['detected_seconds']} s, restored after {found['restored_seconds']} s, "
        f"{found['lost']} of {found['requests']} requests lost[/]"
    )
    return 0
