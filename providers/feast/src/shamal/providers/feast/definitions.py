"""Loads the Feast objects that a features.py defines."""

import runpy
import traceback
from pathlib import Path
from typing import Any

from shamal.providers.feast.errors import InvalidDefinitions


def load(path: str | Path) -> list[Any]:
    """Return the entities, feature views and feature services that the file's module defines.

    :param path: a Python file; it runs, so it comes from the DAG bundle and never from data
    :raises InvalidDefinitions: naming file and line when it does not run, defines nothing, or defines an object
        that would put a pickled function into the registry
    """
    from feast import Entity, FeatureService, FeatureView
    from feast.base_feature_view import BaseFeatureView

    path = Path(path)
    if not path.is_file():
        raise InvalidDefinitions(f"Definitions {path} do not exist; give the path of a features.py.")
    objects = list({id(value): value for value in _run(path).values()}.values())
    for view in objects:
        if isinstance(view, BaseFeatureView) and type(view) is not FeatureView:
            raise InvalidDefinitions(
                f"{path}: {view.name!r} is a {type(view).__name__}; allowed: FeatureView. Feast pickles the "
                "functions of the other kinds into its registry; compute the feature during ingestion."
            )
    found = [value for value in objects if isinstance(value, Entity | FeatureView | FeatureService)]
    if not any(isinstance(value, FeatureView) for value in found):
        raise InvalidDefinitions(f"{path} defines no FeatureView; assign one to a module-level name.")
    return found


def _run(path: Path) -> dict[str, Any]:
    try:
        return runpy.run_path(str(path), run_name=f"feast_definitions_{path.parent.name}")
    except SyntaxError as error:
        raise InvalidDefinitions(f"{path}:{error.lineno}: {error.msg}. The registry is unchanged.") from error
    except Exception as error:  # the file is the user's: whatever it raises is named with its line
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        raise InvalidDefinitions(
            f"{path}:{lines[-1] if lines else 1}: {type(error).__name__}: {error}. The registry is unchanged."
        ) from error
