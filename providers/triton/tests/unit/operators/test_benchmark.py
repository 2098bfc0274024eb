import pytest

from shamal.providers.triton.errors import InvalidDeployment
from shamal.providers.triton.operators.benchmark import BenchmarkModelOperator
from shamal.providers.triton.operators.deploy import DeployModelOperator
from shamal.providers.triton.operators.route import RouteTrafficOperator
from shamal.providers.triton.testing import FakeTriton


@pytest.fixture
def benchmark(tmp_path, make_version):
    def benchmark(**arguments):
        triton = FakeTriton(tmp_path)
        for operator in (
            DeployModelOperator(task_id="d", model="churn", version=1, **make_version(1)),
            RouteTrafficOperator(task_id="r", model="churn", version=1),
            BenchmarkModelOperator(task_id="b", model="churn", **arguments),
        ):
            operator.hook = triton
            result = operator.execute({})
        return result

    return benchmark


def test_measures_every_batch_size(benchmark):
    assert [each["batch_size"] for each in benchmark(batch_sizes=[1, 32])["measurements"]] == [1, 32]


def test_nothing_to_measure_is_refused(benchmark):
    with pytest.raises(InvalidDeployment):
        benchmark(batch_sizes=[])
