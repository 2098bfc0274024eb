"""The model repository on disk: what Triton reads, written so that it is there completely or not at all.

<repository>/approved.json             what to load at a restart
<repository>/<model>/                  the router: config.pbtxt, router.json, 1/model.py
<repository>/<model>__v<version>/      one version: config.pbtxt, serving.json, model.onnx.sha256, golden.json,
                                       1/model.onnx; features.json where it is asked by key
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from shamal.providers.triton.errors import (
    InvalidDeployment,
    RepositoryFull,
    RouteChanged,
    VersionConflict,
    VersionNotDeployed,
)
from shamal.providers.triton.router import route as routes
from shamal.providers.triton.router import settings
from shamal.providers.triton.router.route import Route
from shamal.providers.triton.router.settings import ServingSettings

MODEL = re.compile(r"[a-z][a-z0-9_]{0,62}")
PACKAGE = files("shamal.providers.triton")


def version_model(model: str, version: int) -> str:
    """Return the name of Triton's model for one version.

    :raises InvalidDeployment: no such name or version is possible.
    """
    if not MODEL.fullmatch(model) or "__v" in model:
        raise InvalidDeployment(
            f"model {model!r}: a name is lower-case letters, digits and _, starts with a letter, has at most 63 "
            "characters and no '__v'; use the model's registered name"
        )
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise InvalidDeployment(
            f"model {model}: version {version!r} is not a number from 1; use the registered version"
        )
    return f"{model}__v{version}"


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class ModelRepository:
    """One model repository of a Triton server.

    :param root: the folder given to `tritonserver --model-repository`, as seen from here.
    """

    root: Path

    def version_folder(self, model: str, version: int) -> Path:
        """Return the folder of a version.

        :raises VersionNotDeployed: there is none.
        """
        folder = self.root / version_model(model, version)
        if not folder.is_dir():
            raise VersionNotDeployed(f"{model} version {version} is not in {self.root}; run DeployModelOperator first")
        return folder

    def deployed_backend(self, model: str, version: int, digest: str) -> str | None:
        """Return the backend of a version whose folder is in place; None when there is no folder.

        :param digest: SHA-256 that the version's file must have.
        :raises VersionConflict: the folder holds another file.
        """
        folder = self.root / version_model(model, version)
        if not folder.is_dir():
            return None
        deployed = (folder / "model.onnx.sha256").read_text().split()[0]
        if deployed != digest:
            raise VersionConflict(
                f"{model} version {version} is deployed with sha256 {deployed}, given was {digest}; "
                "versions never change: register the new file as a new version"
            )
        return "python" if (folder / "1" / "model.py").exists() else "onnxruntime"

    def write_version(
        self,
        model: str,
        version: int,
        *,
        onnx: Path,
        digest: str,
        golden: Path,
        backend: str,
        serving: ServingSettings,
    ) -> None:
        """Put the folder of a new version in place."""
        name = version_model(model, version)
        with self._incoming(name) as folder:
            (folder / "1").mkdir()
            shutil.copyfile(onnx, folder / "1" / "model.onnx")
            (folder / "model.onnx.sha256").write_text(f"{digest}  1/model.onnx\n")
            shutil.copyfile(golden, folder / "golden.json")
            (folder / settings.FILE).write_text(serving.to_json())
            config = Template((PACKAGE / "version" / f"{backend}.pbtxt").read_text())
            (folder / "config.pbtxt").write_text(config.substitute(_batching(serving), instances=serving.instances))
            if backend == "python":
                (folder / "1" / "model.py").write_text((PACKAGE / "version" / "model.py").read_text())

    def write_features(self, model: str, version: int, document: Mapping[str, Any]) -> None:
        """Say where the router finds a version's features by key; it takes note within two seconds.

        :param document: store, keys, on_missing, views and columns (see `router.keyed` and the README).
        :raises VersionNotDeployed: there is no such version.
        :raises InvalidDeployment: the router could not read the document; nothing was written.
        """
        from shamal.providers.triton.router.keyed import Document

        text = json.dumps(document)
        try:
            Document.from_json(text)
        except ValueError as error:
            raise InvalidDeployment(f"features of {model} version {version}: {error}") from error
        replace_file(self.version_folder(model, version) / "features.json", text)

    def remove_version(self, model: str, version: int) -> None:
        """Take a version's folder away."""
        self._remove(self.version_folder(model, version))

    def remove_router(self, model: str) -> None:
        """Take a model's router away, with its route and its journal."""
        self._remove(self.root / model)

    def _remove(self, folder: Path) -> None:
        aside = Path(tempfile.mkdtemp(prefix=".removed-", dir=self._beside()))
        folder.rename(aside / folder.name)
        shutil.rmtree(aside)

    def route(self, model: str) -> Route | None:
        """Return who answers for the model; None before its first deployment.

        :raises InvalidDeployment: its router.json is broken.
        """
        path = self.root / model / "router.json"
        try:
            return routes.read(path)
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise InvalidDeployment(
                f"{path}: {error}; write it again, the router still serves the last good one"
            ) from error

    def write_route(
        self, model: str, before: Route | None, after: Route, prediction_log: Path, prediction_log_seconds: float
    ) -> Route:
        """Replace the route in one step and return it with its generation; the first time, make the router's folder.

        :param before: the route that `after` was made from; None where there was none.
        :raises RouteChanged: somebody else has written the route since.
        """
        with self.locked(model):
            current = self.route(model)
            if (current and current.generation) != (before and before.generation):
                raise RouteChanged(
                    f"the route of {model} is at generation {current and current.generation}, this change was made "
                    f"from {before and before.generation}; nothing was written: read the route again"
                )
            route = replace(after, generation=before.generation + 1 if before else 1)
            if before is None:
                self._make_router(model, route, prediction_log, prediction_log_seconds)
            else:
                replace_file(self.root / model / "router.json", route.to_json())
        return route

    def _make_router(self, model: str, route: Route, prediction_log: Path, prediction_log_seconds: float) -> None:
        serving = settings.read(self.root / version_model(model, route.champion))
        with self._incoming(model) as folder:
            for name, text in _router_files(prediction_log / model, prediction_log_seconds, serving).items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text)
            (folder / "router.json").write_text(route.to_json())

    def renew_router(
        self, model: str, serving: ServingSettings, prediction_log: Path, prediction_log_seconds: float
    ) -> bool:
        """Give a router that is in place this release's program and settings; return whether anything changed.

        The router that runs notices nothing until it is loaded again.
        """
        folder = self.root / model
        if not (folder / "router.json").exists():
            return False
        with self.locked(model):
            wanted = _router_files(prediction_log / model, prediction_log_seconds, serving)
            changed = {
                name: text
                for name, text in wanted.items()
                if not (folder / name).exists() or (folder / name).read_text() != text
            }
            for name, text in changed.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                replace_file(folder / name, text)
        return bool(changed)

    def approve(self) -> list[str]:
        """Write approved.json from every model's route: routers and versions in use, for the server's next start.

        A model whose router.json is broken keeps what was approved for it: it must not hold up the others.
        """
        with self.locked(""):
            load: list[str] = []
            for path in sorted(self.root.glob("*/router.json")):
                model = path.parent.name
                try:
                    versions = routes.read(path).versions
                except FileNotFoundError:  # taken away a moment ago
                    continue
                except ValueError:
                    load += [name for name in self.approved() if re.fullmatch(rf"{model}(__v\d+)?", name)]
                else:
                    load += [version_model(model, version) for version in versions] + [model]
            replace_file(self.root / "approved.json", json.dumps({"load": load}))
        return load

    def approved(self) -> list[str]:
        """Return what the server loads at its next start."""
        path = self.root / "approved.json"
        load: list[str] = json.loads(path.read_text())["load"] if path.exists() else []
        return load

    def versions(self, model: str) -> list[int]:
        """Return the versions that have a folder, smallest first."""
        names = (path.name.removeprefix(f"{model}__v") for path in self.root.glob(f"{model}__v*"))
        return sorted(int(name) for name in names if name.isdigit())

    @contextmanager
    def locked(self, model: str) -> Iterator[None]:
        """Hold a lock that its process cannot leave behind.

        :param model: whose route; `<model>.release` for its journal and intent, "" for the whole repository.
        """
        folder = self.root.parent / f".locks-{self.root.name}"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{model}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _beside(self) -> Path:
        """Where folders are made: on the repository's file system and outside what Triton scans."""
        folder = self.root.parent / f".incoming-{self.root.name}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def _incoming(self, name: str) -> Iterator[Path]:
        """Yield a folder that becomes `name` when the block ends well and vanishes otherwise.

        :raises RepositoryFull: the disk has no room for it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=self._beside()) as beside:
                folder = Path(beside) / name
                folder.mkdir()
                yield folder
                folder.rename(self.root / name)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise RepositoryFull(
                f"no space left for {name} beside {self.root}; nothing of it was kept: free disk space"
            ) from error


def replace_file(path: Path, text: str) -> None:
    """Replace a file in one step; after a power cut it holds the old text or the new one."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _batching(serving: ServingSettings) -> dict[str, str]:
    """Return the part of a version's configuration by which Triton gathers requests, or leaves them as they come."""
    if not serving.max_batch_rows:
        rows = {"features_dims": "[ -1, -1 ]", "score_dims": "dims: [ -1 ]", "dynamic_batching": ""}
        return {"max_batch_rows": "0", **rows}
    return {
        "max_batch_rows": str(serving.max_batch_rows),
        "features_dims": "[ -1 ]",
        "score_dims": "dims: [ 1 ] reshape: { shape: [ ] }",
        "dynamic_batching": f"dynamic_batching {{ max_queue_delay_microseconds: {serving.queue_delay_us} }}",
    }


def _router_files(prediction_log: Path, prediction_log_seconds: float, serving: ServingSettings) -> dict[str, str]:
    """Return the router's program and configuration: text by path in its folder."""
    program = {
        f"1/shamal/providers/triton/router/{file.name}": file.read_text()
        for file in (PACKAGE / "router").iterdir()
        if file.name.endswith(".py") and file.name != "model.py"
    }
    config = Template((PACKAGE / "router" / "config.pbtxt").read_text()).substitute(
        instances=serving.instances,
        prediction_log=json.dumps(str(prediction_log)),
        prediction_log_seconds=json.dumps(str(prediction_log_seconds)),
    )
    return {**program, "1/model.py": (PACKAGE / "router" / "model.py").read_text(), "config.pbtxt": config}
