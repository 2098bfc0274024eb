"""Moves a model from an evaluated run to a served version and back."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from shamal.providers.mlflow import releases
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.mlflow.names import require_alias, require_model, require_run_id, require_version
from shamal.providers.mlflow.tracking import airflow_tags, digest

if TYPE_CHECKING:
    from airflow.sdk import Context


# A template that finds nothing renders one of these.
NONE_GIVEN = (None, "", "None")


class _RegistryOperator(BaseOperator):
    """What the operators of this file share: one model on one server.

    :param model: model name. (templated)
    :param mlflow_conn_id: connection of type `shamal_mlflow`.
    """

    def __init__(
        self, *, model: str, mlflow_conn_id: str = MlflowRegistryHook.default_conn_name, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.mlflow_conn_id = mlflow_conn_id

    @cached_property
    def hook(self) -> MlflowRegistryHook:
        """Return the hook of the MLflow server."""
        return MlflowRegistryHook(self.mlflow_conn_id)


class RegisterModelOperator(_RegistryOperator):
    """Make one version of the model from a run that passed its gates; the same run again finds its version.

    :param model: model name. (templated)
    :param run_id: MLflow run of EvaluateModelOperator. (templated)
    :param alias: alias that the version gets.
    :param mlflow_conn_id: connection of type `shamal_mlflow`.
    :raises GateDenied: the run did not pass its gates, or was never finished.
    :raises VersionNotFound: no such run.
    """

    template_fields: Sequence[str] = ("model", "run_id")

    def __init__(self, *, run_id: str, alias: str = "candidate", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run_id = run_id
        self.alias = alias

    def execute(self, context: "Context") -> dict[str, Any]:
        """Return model, version, run_id and sha256."""
        return releases.register(
            self.hook, require_model(self.model), require_run_id(self.run_id), require_alias(self.alias)
        )


class FetchModelOperator(_RegistryOperator):
    """Download a version to `<destination>/<model>/<version>` after its digests were compared with its tags.

    :param model: model name. (templated)
    :param alias: alias of the version to fetch; not used when `version` is given.
    :param version: version number; None or an empty text for the alias's. (templated)
    :param destination: folder; made when missing. (templated)
    :param mlflow_conn_id: connection of type `shamal_mlflow`.
    :raises VersionNotFound: no such version or alias.
    :raises UnsafeArtifact: the version is not plain ONNX.
    :raises DigestMismatch: a file is not the one that was registered.
    """

    template_fields: Sequence[str] = ("model", "version", "destination")

    def __init__(
        self,
        *,
        destination: str,
        alias: str | None = "candidate",
        version: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.destination = destination
        self.alias = alias
        self.version = version

    def execute(self, context: "Context") -> dict[str, Any]:
        """Return model, version, run_id, path, sha256, golden (path of golden.json), training_set and champion."""
        newest = self.version in NONE_GIVEN
        return releases.fetch(
            self.hook,
            require_model(self.model),
            self.destination,
            alias=require_alias(self.alias or "champion"),
            version=None if newest else require_version(self.version),
        )


class PromoteModelOperator(_RegistryOperator):
    """Point the alias at a version, if it still points at the one that the caller compared with.

    :param model: model name. (templated)
    :param version: version to promote. (templated)
    :param expected_version: version the alias points at now; None or an empty text for none yet. (templated)
    :param alias: alias to move.
    :param mlflow_conn_id: connection of type `shamal_mlflow`.
    :raises AliasConflict: the alias points at another version.
    :raises PromotionInProgress: another promotion of the model is under way; the task retries.
    """

    template_fields: Sequence[str] = ("model", "version", "expected_version")

    def __init__(
        self,
        *,
        version: int | str,
        expected_version: int | str | None,
        alias: str = "champion",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.version = version
        self.expected_version = expected_version
        self.alias = alias

    def execute(self, context: "Context") -> dict[str, Any]:
        """Return model, version, previous and alias."""
        version = require_version(self.version)
        none_yet = self.expected_version in NONE_GIVEN
        expected = None if none_yet else require_version(self.expected_version)
        previous = self.hook.promote(require_model(self.model), version, expected, require_alias(self.alias))
        return {"model": self.model, "version": version, "previous": previous, "alias": self.alias}


class RollbackModelOperator(_RegistryOperator):
    """Point the alias back at the version that it pointed at before; a retry does not go back twice.

    :param model: model name. (templated)
    :param alias: alias to move.
    :param mlflow_conn_id: connection of type `shamal_mlflow`.
    :raises VersionNotFound: nothing has the alias, or no predecessor was recorded.
    :raises PromotionInProgress: a promotion of the model is under way; the task retries.
    """

    template_fields: Sequence[str] = ("model",)

    def __init__(self, *, alias: str = "champion", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alias = alias

    def execute(self, context: "Context") -> dict[str, Any]:
        """Return model, version (restored), previous (left) and alias."""
        tags = airflow_tags(context)
        key = digest(*(tags[name] for name in sorted(tags)))
        left, restored = self.hook.rollback(require_model(self.model), require_alias(self.alias), key)
        return {"model": self.model, "version": restored, "previous": left, "alias": self.alias}
