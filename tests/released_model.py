"""A tiny model with versions in a registry and on a Triton server, real or fake, for tests of releases."""

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from include.release import promotion, reconcile
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.triton import deployment, releases
from shamal.providers.triton.hooks.triton import TritonHook
from shamal.providers.triton.releases import Releases
from shamal.providers.triton.testing import FakeTriton

COLUMNS = 4
RUN_TAGS = {"shamal.sha256": "0" * 64}


@dataclass
class ReleasedModel:
    """One model of its own name; versions count from 1."""

    triton: TritonHook
    mlflow: MlflowRegistryHook
    folder: Path
    name: str = field(default_factory=lambda: f"it_{uuid.uuid4().hex[:8]}")

    @property
    def releases(self) -> Releases:
        return Releases(self.triton.repository, self.name)

    def candidates(self, *versions: int) -> None:
        """Register versions and bring them to Triton, without traffic."""
        for version in versions:
            run_id = self.mlflow.find_or_start_run(self.name, str(version), "a run")
            model_id = self.mlflow.log_onnx_model(run_id, self.name, lambda _, folder: _write_note(folder))
            assert self.mlflow.register(self.name, run_id, model_id, RUN_TAGS, "candidate") == version
            self.deploy(version)

    def deploy(self, version: int) -> None:
        folder = self.folder / self.name / str(version)
        digest = write_model(folder, version)
        deployment.deploy(self.triton, self.name, version, path=folder, sha256=digest, golden=folder / "golden.json")

    def promote(self, version: int, expected: int | None, reason: str = "a test") -> dict[str, Any]:
        return promotion.promote(self.triton, self.mlflow, self.name, version, expected, by="ada", reason=reason)

    def reconcile(self) -> list[dict[str, Any]]:
        """Reconcile this model; other models of a shared server are none of a test's business."""
        with patch.object(releases, "models", return_value=[self.name]):
            findings = reconcile.reconcile(self.triton, self.mlflow)
        return [found for found in findings if self.name in str(found) or isinstance(self.triton, FakeTriton)]

    def champions(self) -> dict[str, int | None]:
        """Return who is champion, by who says so."""
        answer = self.triton.infer(self.name, np.zeros((2, COLUMNS)), log=False)["model_version"].tolist()
        (served,) = set(answer)
        route, committed = self.triton.repository.route(self.name), self.releases.committed()
        return {
            "router": served,
            "route": route.champion if route else None,
            "alias": self.mlflow.alias_version(self.name, promotion.ALIAS),
            "journal": committed.champion if committed else None,
        }

    def remove(self) -> None:
        """Take everything of this model off the server."""
        repository = self.triton.repository
        self.triton.unload(self.name)
        if (repository.root / self.name).exists():
            repository.remove_router(self.name)
        for version in repository.versions(self.name):
            self.triton.unload(f"{self.name}__v{version}")
            repository.remove_version(self.name, version)
        if intent := self.releases.intent():
            self.releases.drop(intent)
        repository.approve()


def all_say(version: int) -> dict[str, int | None]:
    """Return what `champions` returns where everybody agrees."""
    return dict.fromkeys(("router", "route", "alias", "journal"), version)


def write_model(folder: Path, seed: int) -> str:
    """Write a logistic model of 4 columns with weights of its own and its golden requests; return its SHA-256."""
    from onnx import TensorProto, helper, numpy_helper

    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    weights = random.normal(size=(COLUMNS, 1)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["features", "weights"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["column"]),
            helper.make_node("Reshape", ["column", "flat"], ["score"]),
        ],
        "logistic",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", COLUMNS])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, ["rows"])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.array([-1]), "flat")],
    )
    onnx = folder / "model.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.write_bytes(model.SerializeToString())
    rows = random.normal(size=(3, COLUMNS)).astype(np.float32)
    scores = 1 / (1 + np.exp(-(rows @ weights)[:, 0]))
    (folder / "golden.json").write_text(json.dumps({"inputs": rows.tolist(), "scores": scores.tolist()}))
    return hashlib.sha256(onnx.read_bytes()).hexdigest()


def _write_note(folder: Path) -> None:
    folder.mkdir()
    (folder / "MLmodel").write_text("{}")
