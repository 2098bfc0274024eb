from typing import Any

import pytest

from shamal.providers.pytorch.compute import Compute
from shamal.providers.pytorch.errors import TrainingRefused

PROFILE = {"image": "train:1", "cpu": 2, "memory": "1Gi"}


def test_a_profile_asks_for_no_gpu_unless_told() -> None:
    resources = Compute.parse(PROFILE).resources()
    assert resources.limits == resources.requests == {"cpu": "2", "memory": "1Gi"}
    assert Compute.parse(PROFILE | {"gpu": 2}).resources().limits["nvidia.com/gpu"] == "2"


@pytest.mark.parametrize(("cpu", "threads"), [(0.5, 1), (1, 1), (3.9, 3)])
def test_torch_uses_whole_cores_and_at_least_one(cpu: float, threads: int) -> None:
    assert Compute.parse(PROFILE | {"cpu": cpu}).threads == threads


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        (PROFILE | {"memry": "1Gi"}, "did you mean memory"),
        ({"image": "train:1"}, "lacks cpu, memory"),
        (PROFILE | {"gpu": -1}, "gpu is -1; allowed"),
        (PROFILE | {"gpu": 0.5}, "gpu is 0.5; allowed"),
        (PROFILE | {"cpu": 0}, "cpu is 0; allowed"),
    ],
)
def test_a_wrong_profile_says_what_is_allowed(profile: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingRefused, match=message):
        Compute.parse(profile)
