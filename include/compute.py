"""Named compute profiles: image and resources of a training pod, from config/compute.yaml."""

import difflib
from typing import Any

import yaml

from include.model_spec import PROJECT
from include.spec.file import SpecError

PROFILES = PROJECT / "config" / "compute.yaml"


def compute_profile(name: str) -> dict[str, Any]:
    """Return the profile {"image", "cpu", "memory", "gpu"} called `name`.

    :raises SpecError: there is no such profile; names the known ones.
    """
    profiles: dict[str, dict[str, Any]] = yaml.safe_load(PROFILES.read_text())
    if name not in profiles:
        close = difflib.get_close_matches(name, profiles, n=1)
        suggestion = f" Did you mean {close[0]}?" if close else ""
        raise SpecError(f"{PROFILES}: no compute profile {name!r}.{suggestion} Known: {', '.join(sorted(profiles))}")
    return profiles[name]
