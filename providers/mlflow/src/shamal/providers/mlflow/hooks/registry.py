"""Model versions and aliases on one MLflow server."""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shamal.providers.mlflow.errors import AliasConflict, PromotionInProgress, VersionNotFound
from shamal.providers.mlflow.hooks.mlflow import MlflowHook, not_found

LOCK_WAIT = 10.0  # seconds a promotion waits for another one
LOCK_EXPIRES = 30.0  # seconds after which a lock belongs to a dead task; holding it takes less than one


class MlflowRegistryHook(MlflowHook):
    """Registers, downloads, promotes and rolls back versions of a model.

    :param mlflow_conn_id: connection with host (scheme and name), port, login and password.
    """

    def register(self, model: str, run_id: str, model_id: str, tags: Mapping[str, str], alias: str) -> int:
        """Make one version for the run, point the alias at it and return its number; a second call finds it.

        :param model_id: logged model of the run.
        """
        with self.calls() as client:
            _ensure_model(client, model)
            version = self._version_of_run(model, run_id)
            if version is None:
                made = client.create_model_version(
                    model, f"models:/{model_id}", run_id, tags=dict(tags), model_id=model_id
                )
                version = self._version_of_run(model, run_id)
                if version is not None and version != int(made.version):  # a twin of this task was first
                    client.delete_model_version(model, str(made.version))
                version = version or int(made.version)
            client.set_registered_model_alias(model, alias, str(version))
            return version

    def _version_of_run(self, model: str, run_id: str) -> int | None:
        with self.calls() as client:
            found = client.search_model_versions(f"name='{model}' and run_id='{run_id}'")
            return min((int(each.version) for each in found), default=None)

    def find_version(self, model: str, *, alias: str | None = None, version: int | None = None) -> dict[str, Any]:
        """Return version, run_id, source and tags of the version that the alias or number names.

        :raises VersionNotFound: no such model, version or alias.
        """
        wanted = f"version {version}" if version else f"alias {alias!r}"
        with self.calls() as client, not_found(f"{wanted} of model {model!r} on {self.address}"):
            if version:
                found = client.get_model_version(model, str(version))
            else:
                found = client.get_model_version_by_alias(model, alias)
            return {
                "version": int(found.version),
                "run_id": found.run_id,
                "source": found.source,
                "tags": dict(found.tags),
            }

    def alias_version(self, model: str, alias: str) -> int | None:
        """Return the version that the alias points to, or None when nothing has it yet."""
        try:
            return int(self.find_version(model, alias=alias)["version"])
        except VersionNotFound:
            return None

    def download_model(self, source: str, folder: Path) -> Path:
        """Download every file of a version's logged model below an existing empty folder; return where they lie.

        :param source: the version's `models:/<logged model id>`.
        """
        from mlflow.artifacts import download_artifacts

        with self.calls() as client, not_found(f"{source} on {self.address}"):
            # The location and not `models:/…`: for that MLflow would ask the process's global server.
            location = client.get_logged_model(source.removeprefix("models:/")).artifact_location
            return Path(download_artifacts(location, dst_path=str(folder), tracking_uri=self.address))

    def promote(
        self, model: str, version: int, expected: int | None, alias: str, fence: Callable[[], None] | None = None
    ) -> int | None:
        """Point the alias at the version if it still points at `expected`; return what it pointed at before.

        The predecessor is written to the version's tag `shamal.previous_<alias>` before the alias moves.

        :param expected: version the alias must point at now, or None for no version yet.
        :param fence: called last, under the lock; what it raises leaves the alias where it is.
        :raises AliasConflict: the alias points elsewhere.
        """
        tag = f"shamal.previous_{alias}"
        with self.lock(model) as held:
            tags = self.find_version(model, version=version)["tags"]
            current = self.alias_version(model, alias)
            if current == version and tags.get(tag) == str(expected or ""):
                return expected  # an earlier attempt of the same promotion
            if current != expected:
                raise AliasConflict(
                    f"alias {alias!r} of model {model!r} points to version {current}, expected {expected}; version "
                    f"{version} was not promoted: compare it with version {current} and release it again"
                )
            if fence:
                fence()
            held().set_model_version_tag(model, str(version), tag, str(expected or ""))
            held().set_registered_model_alias(model, alias, str(version))
        return expected

    def point(self, model: str, version: int, alias: str, fence: Callable[[], None]) -> int | None:
        """Point the alias at the version, wherever it points now; return where that was.

        For who knows the truth from elsewhere: which version answers requests.

        :param fence: called last, under the lock; what it raises leaves the alias where it is.
        :raises VersionNotFound: no such version.
        """
        with self.lock(model) as held:
            self.find_version(model, version=version)
            current = self.alias_version(model, alias)
            if current != version:
                fence()
                held().set_registered_model_alias(model, alias, str(version))
        return current

    def rollback(self, model: str, alias: str, key: str) -> tuple[int, int]:
        """Point the alias back at the recorded predecessor; return (left, restored).

        :param key: names the operation, so that its retry finishes the same step instead of taking another.
        :raises VersionNotFound: nothing has the alias, or it has no recorded predecessor.
        """
        tag = f"shamal.rollback_{alias}"
        with self.lock(model) as held:
            done = json.loads(held().get_registered_model(model).tags.get(tag, "{}"))
            if done.get("key") != key:
                current = self.find_version(model, alias=alias)
                previous = current["tags"].get(f"shamal.previous_{alias}")
                if not previous:
                    raise VersionNotFound(
                        f"version {current['version']} of model {model!r} has no recorded predecessor as {alias!r}; "
                        "promote the version you want instead"
                    )
                done = {"key": key, "left": current["version"], "restored": int(previous)}
                held().set_registered_model_tag(model, tag, json.dumps(done))
            held().set_registered_model_alias(model, alias, str(done["restored"]))
        return done["left"], done["restored"]

    @contextmanager
    def lock(self, model: str) -> Iterator[Callable[[], Any]]:
        """Hold the model's promotion lock; yield what lends the client for one write.

        MLflow moves an alias without comparing, but makes a registered model's name exist only once: `<model>.lock`
        is the lock. A dead task's one is removed after 30 s; who was only paused meanwhile finds another holder's mark
        in it, may not write, and leaves the lock to that one.

        :raises VersionNotFound: no such model.
        :raises PromotionInProgress: another promotion holds it, or took it over.
        """
        name, mark = f"{model}.lock", uuid.uuid4().hex
        with self.calls() as client:
            with not_found(f"model {model!r} on {self.address}"):
                client.get_registered_model(model)
            self._take(client, name, mark)

            def held() -> Any:
                if _holder(client, name) != mark:
                    raise PromotionInProgress(
                        f"this promotion of model {model!r} stood still for more than {LOCK_EXPIRES:g} s and lost "
                        f"{name!r} on {self.address} to another one; the task retries"
                    )
                return client

            try:
                yield held
            finally:
                if _holder(client, name) == mark:
                    client.delete_registered_model(name)

    def _take(self, client: Any, name: str, mark: str) -> None:
        from mlflow.exceptions import MlflowException

        deadline = time.monotonic() + LOCK_WAIT
        while True:
            try:
                client.create_registered_model(name, description=mark)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            else:
                return
            _drop_if_expired(client, name)
            if time.monotonic() > deadline:
                raise PromotionInProgress(
                    f"another promotion holds {name!r} on {self.address}; the task retries, and a dead task's lock "
                    f"expires after {LOCK_EXPIRES:g} s"
                )
            time.sleep(0.1)


def _holder(client: Any, name: str) -> str | None:
    """Return the mark of the lock's holder; None when nobody holds it."""
    from mlflow.exceptions import MlflowException

    try:
        return str(client.get_registered_model(name).description)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None


def _ensure_model(client: Any, model: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(model)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _drop_if_expired(client: Any, name: str) -> None:
    """Delete the lock of a task that died while it held it."""
    from mlflow.exceptions import MlflowException

    try:
        made = client.get_registered_model(name).creation_timestamp / 1000
        if time.time() - made > LOCK_EXPIRES:
            client.delete_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
