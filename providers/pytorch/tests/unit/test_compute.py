from typing import Any

import pytest

from shamal.providers.pytorch.compute import Compute
from shamal.providers.pytorch.errors import TrainingRefused

PROFILE = {"image": "train:1", "cpu": 2, "memory": "1Gi"}


def test_requests_and_limits_are_equal_and_a_gpu_is_named_only_when_asked_for() -> None:
    plain, with_gpu = (Compute.parse(PROFILE | {"gpu": gpu}).resources() for gpu in (0, 1))
    assert plain.requests == plain.limits == {"cpu": "2", "memory": "1Gi"}
    assert with_gpu.limits == plain.limits | {"nvidia.com/gpu": "1"}


@pytest.mark.parametrize(("cpu", "threads"), [(0.5, 1), (1, 1), (2.9, 2), (8, 8)])
def test_torch_gets_the_whole_cores_and_at_least_one_thread(cpu: float, threads: int) -> None:
    assert Compute.parse(PROFILE | {"cpu": cpu}).threads == threads


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({"cpu": 1}, "lacks image, memory"),
        (PROFILE | {"gpus": 1}, "'gpus'; did you mean gpu"),
        (PROFILE | {"gpu": -1}, "gpu is -1"),
        (PROFILE | {"gpu": 0.5}, "gpu is 0.5"),
        (PROFILE | {"cpu": 0}, "cpu is 0"),
        (PROFILE | {"cpu": "2"}, "cpu is '2'"),
    ],
)
def test_a_wrong_profile_is_refused_by_name(profile: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingRefused, match=message):
        Compute.parse(profile)
