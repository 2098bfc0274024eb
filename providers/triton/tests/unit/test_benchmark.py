import pytest

from shamal.providers.triton import benchmark
from shamal.providers.triton.errors import InvalidDeployment, VersionNotDeployed


def test_measure_refuses_what_cannot_be_measured(triton, deploy):
    with pytest.raises(VersionNotDeployed):
        benchmark.measure(triton, "churn", [1], 1, 1.0)
    with pytest.raises(InvalidDeployment, match="positive"):
        benchmark.measure(triton, "churn", [0], 1, 1.0)
