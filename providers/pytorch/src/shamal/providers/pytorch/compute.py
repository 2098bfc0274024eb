"""What a training pod gets."""

import difflib
import math
from dataclasses import dataclass, fields
from typing import Any

from shamal.providers.pytorch.errors import TrainingRefused


@dataclass(frozen=True)
class Compute:
    """One compute profile.

    :param image: container image with this provider and torch
    :param cpu: cores, requested and limited
    :param memory: Kubernetes quantity such as `2Gi`, requested and limited
    :param gpu: whole GPUs
    """

    image: str
    cpu: float
    memory: str
    gpu: int = 0

    @classmethod
    def parse(cls, compute: dict[str, Any]) -> "Compute":
        """Return the checked profile.

        :raises TrainingRefused: unknown or missing key, or a value that is no amount
        """
        known = [each.name for each in fields(cls)]
        for name in compute:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                raise TrainingRefused(f"compute: unknown key {name!r}; {hint}Known: {', '.join(known)}")
        missing = {"image", "cpu", "memory"} - compute.keys()
        if missing:
            raise TrainingRefused(f"compute lacks {', '.join(sorted(missing))}; known: {', '.join(known)}")
        profile = cls(**compute)
        if not isinstance(profile.gpu, int) or profile.gpu < 0:
            raise TrainingRefused(f"compute: gpu is {profile.gpu!r}; allowed: a whole number of at least 0")
        if not isinstance(profile.cpu, int | float) or profile.cpu <= 0:
            raise TrainingRefused(f"compute: cpu is {profile.cpu!r}; allowed: a number of cores above 0")
        return profile

    @property
    def threads(self) -> int:
        """Return the threads torch may use: a container's CPU limit is not what it sees."""
        return max(1, math.floor(self.cpu))

    def resources(self) -> Any:
        """Return the container's requests and limits; both are equal so that the pod is evicted last."""
        from kubernetes.client import V1ResourceRequirements

        amounts = {"cpu": str(self.cpu), "memory": self.memory}
        if self.gpu:
            amounts["nvidia.com/gpu"] = str(self.gpu)
        return V1ResourceRequirements(requests=dict(amounts), limits=dict(amounts))
