"""The settings of the laptop stack, from local/env and the overlay that SHAMAL_ENV names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dotenv import dotenv_values
from dotenv.main import resolve_variables

Settings = dict[str, str]

HOME = Path(__file__).resolve().parent.parent

# What a server takes over from the shell that starts the stack; everything else comes from the settings.
INHERITED = (
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TZ",
    "JAVA_HOME",
    "CUDA_VISIBLE_DEVICES",
    "SHAMAL_ENV",
)


class UnknownEnvironmentError(ValueError):
    """SHAMAL_ENV names an overlay that does not exist."""


def load(environment: str | None = None) -> Settings:
    """Read every setting; derived values follow the overlay's ports and folders.

    :param environment: name of the overlay ``local/env.<environment>``; default: the variable SHAMAL_ENV.
    :raises UnknownEnvironmentError: there is no such overlay.
    """
    environment = os.environ.get("SHAMAL_ENV", "") if environment is None else environment
    values = dotenv_values(HOME / "local" / "env", interpolate=False)
    if environment:
        overlay = HOME / "local" / f"env.{environment}"
        if not overlay.is_file():
            known = sorted(path.suffix[1:] for path in overlay.parent.glob("env.*"))
            raise UnknownEnvironmentError(
                f"SHAMAL_ENV={environment!r} needs the file {overlay}, which does not exist. "
                f"Known: {', '.join(known)}; or leave it unset."
            )
        # An overlaid value keeps the place of the one it replaces, so that later lines see it.
        values |= dotenv_values(overlay, interpolate=False)
    resolved = resolve_variables([("SHAMAL_HOME", str(HOME)), *values.items()], override=True)
    return {name: value or "" for name, value in resolved.items()}


def process_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a server or a task: the settings and little else of the calling shell's."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return environment | settings
