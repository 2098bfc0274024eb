"""An MLflow server in memory, for tests of DAGs and operators that need no server.

operator.hook = FakeMlflow(tmp_path)
"""

import copy
import re
import shutil
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook


class FakeMlflow(MlflowRegistryHook):
    """The real hook over a client that keeps everything in memory and artifacts in a folder.

    :param folder: empty folder for artifacts.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("fake_mlflow")
        self.address = "memory"
        self.client = FakeClient(folder)
        self._client = self.client

    def download_model(self, source: str, folder: Path) -> Path:
        """Copy a logged model's files."""
        target = folder / "artifacts"
        shutil.copytree(self.client.folder / source.removeprefix("models:/"), target)
        return target


class FakeClient:
    """The part of MlflowClient that the hooks use.

    :param folder: artifacts lie in `<folder>/<run id>` and `<folder>/<logged model id>`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.experiments: dict[str, SimpleNamespace] = {}
        self.runs: dict[str, SimpleNamespace] = {}
        self.models: dict[str, SimpleNamespace] = {}
        self.versions: dict[tuple[str, str], SimpleNamespace] = {}
        self.aliases: dict[tuple[str, str], str] = {}

    def get_experiment_by_name(self, name: str) -> Any:
        """Return the experiment, or None."""
        return self.experiments.get(name)

    def create_experiment(self, name: str) -> str:
        """Make an experiment and return its id."""
        self.experiments[name] = SimpleNamespace(experiment_id=str(len(self.experiments) + 1), name=name)
        return str(self.experiments[name].experiment_id)

    def search_runs(self, experiment_ids: Sequence[str], filter_string: str, max_results: int) -> list[Any]:
        """Return the runs with one tag, such as "tags.`key` = 'value'"."""
        ((name, value),) = re.findall(r"tags\.`([^`]+)` = '([^']*)'", filter_string)
        found = [
            run
            for run in self.runs.values()
            if run.info.experiment_id in experiment_ids and run.data.tags.get(name) == value
        ]
        return found[:max_results]

    def create_run(self, experiment_id: str, run_name: str, tags: dict[str, str]) -> Any:
        """Start a run."""
        info = SimpleNamespace(
            run_id=uuid.uuid4().hex,
            experiment_id=experiment_id,
            run_name=run_name,
            status="RUNNING",
            start_time=int(time.time() * 1000),
        )
        data = SimpleNamespace(params={}, metrics={}, tags=dict(tags))
        self.runs[info.run_id] = SimpleNamespace(info=info, data=data, history=set())
        return self.runs[info.run_id]

    def get_run(self, run_id: str) -> Any:
        """Return the run."""
        if run_id not in self.runs:
            raise _missing(f"run {run_id}")
        return copy.deepcopy(self.runs[run_id])

    def log_batch(
        self, run_id: str, metrics: Sequence[Any] = (), params: Sequence[Any] = (), tags: Sequence[Any] = ()
    ) -> None:
        """Log metrics, params and tags."""
        run = self.runs[run_id]
        run.data.params |= {each.key: each.value for each in params}
        run.data.tags |= {each.key: each.value for each in tags}
        run.data.metrics |= {each.key: each.value for each in metrics}
        run.history |= {(each.key, each.step, each.timestamp, each.value) for each in metrics}

    def get_metric_history(self, run_id: str, key: str) -> list[Any]:
        """Return every value of a metric by step."""
        rows = sorted(row for row in self.runs[run_id].history if row[0] == key)
        return [SimpleNamespace(key=row[0], step=row[1], value=row[3]) for row in rows]

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        """Tag a run."""
        self.runs[run_id].data.tags[key] = value

    def set_terminated(self, run_id: str, status: str) -> None:
        """End a run."""
        self.runs[run_id].info.status = status

    def log_artifact(self, run_id: str, local_path: str) -> None:
        """Store one file of a run."""
        target = self.folder / run_id
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(local_path, target)

    def list_artifacts(self, run_id: str) -> list[Any]:
        """Return the files of a run."""
        return [SimpleNamespace(path=path.name) for path in sorted((self.folder / run_id).iterdir())]

    def download_artifacts(self, run_id: str, path: str, dst_path: str) -> str:
        """Copy an artifact of a run."""
        file = self.folder / run_id / path
        if not file.is_file():
            raise _missing(f"artifact {path}")
        return str(shutil.copy(file, dst_path))

    def create_logged_model(self, experiment_id: str, name: str, source_run_id: str) -> Any:
        """Make a logged model without files."""
        model_id = f"m-{uuid.uuid4().hex}"
        return SimpleNamespace(model_id=model_id, name=name, artifact_location=str(self.folder / model_id))

    def log_model_artifacts(self, model_id: str, local_dir: str) -> None:
        """Store the files of a logged model."""
        shutil.copytree(local_dir, self.folder / model_id)

    def finalize_logged_model(self, model_id: str, status: str) -> None:
        """Accept a logged model's status."""

    def create_registered_model(self, name: str, description: str = "") -> None:
        """Make a registered model; a name exists only once."""
        created = int(time.time() * 1000)
        made = SimpleNamespace(name=name, description=description, tags={}, creation_timestamp=created)
        if self.models.setdefault(name, made) is not made:
            raise _error(f"Registered Model (name={name}) already exists", "RESOURCE_ALREADY_EXISTS")

    def get_registered_model(self, name: str) -> Any:
        """Return a registered model."""
        if name not in self.models:
            raise _missing(f"Registered Model with name={name}")
        return self.models[name]

    def delete_registered_model(self, name: str) -> None:
        """Delete a registered model."""
        self.get_registered_model(name)
        del self.models[name]

    def set_registered_model_tag(self, name: str, key: str, value: str) -> None:
        """Tag a registered model."""
        self.get_registered_model(name).tags[key] = value

    def search_model_versions(self, filter_string: str) -> list[Any]:
        """Return the versions of "name='…' and run_id='…'"."""
        wanted = dict(re.findall(r"(\w+)='([^']*)'", filter_string))
        return [each for each in self.versions.values() if wanted.items() <= vars(each).items()]

    def create_model_version(self, name: str, source: str, run_id: str, tags: dict[str, str], model_id: str) -> Any:
        """Make the next version."""
        self.get_registered_model(name)
        number = str(1 + max((int(version) for model, version in self.versions if model == name), default=0))
        self.versions[name, number] = SimpleNamespace(
            name=name, version=number, source=source, run_id=run_id, tags=dict(tags)
        )
        return self.versions[name, number]

    def delete_model_version(self, name: str, version: str) -> None:
        """Delete a version."""
        del self.versions[name, version]

    def get_model_version(self, name: str, version: str) -> Any:
        """Return a version."""
        if (name, version) not in self.versions:
            raise _missing(f"Model Version (name={name}, version={version})")
        return self.versions[name, version]

    def set_model_version_tag(self, name: str, version: str, key: str, value: str) -> None:
        """Tag a version."""
        self.get_model_version(name, version).tags[key] = value

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias at a version."""
        self.get_model_version(name, version)
        self.aliases[name, alias] = version

    def get_model_version_by_alias(self, name: str, alias: str) -> Any:
        """Return the version that an alias points to."""
        if (name, alias) not in self.aliases:
            raise _error(f"Registered model alias {alias} not found.", "INVALID_PARAMETER_VALUE")
        return self.get_model_version(name, self.aliases[name, alias])


def _missing(what: str) -> Exception:
    return _error(f"{what} not found", "RESOURCE_DOES_NOT_EXIST")


def _error(message: str, code: str) -> Exception:
    from mlflow.exceptions import RestException

    error: Exception = RestException({"message": message, "error_code": code})
    return error
