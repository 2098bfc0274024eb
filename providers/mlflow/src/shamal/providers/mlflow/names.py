"""Refuses names that break their pattern before they reach a server or a path."""

import re
from typing import NoReturn

from shamal.providers.mlflow.errors import InvalidName

MODEL = re.compile(r"[a-z][a-z0-9_]{0,62}")
RUN_ID = re.compile(r"[0-9a-f]{32}")


def require_model(model: str) -> str:
    """Return the model name, or refuse it."""
    return model if MODEL.fullmatch(model) else _refuse("model", model, MODEL)


def require_alias(alias: str) -> str:
    """Return the alias, or refuse it."""
    return alias if MODEL.fullmatch(alias) else _refuse("alias", alias, MODEL)


def require_run_id(run_id: str) -> str:
    """Return the MLflow run id, or refuse it."""
    return run_id if RUN_ID.fullmatch(run_id) else _refuse("run_id", run_id, RUN_ID)


def require_version(version: object) -> int:
    """Return a model version as a whole number; templates deliver it as text."""
    if str(version).isascii() and str(version).isdigit() and int(str(version)) > 0:
        return int(str(version))
    raise InvalidName(f"version {version!r} is not a whole number above 0; give the number MLflow shows")


def _refuse(what: str, given: str, pattern: re.Pattern[str]) -> NoReturn:
    raise InvalidName(f"{what} {given!r} does not match {pattern.pattern}; rename it")
