import pytest

from shamal.providers.triton.errors import InvalidDeployment
from shamal.providers.triton.operators.benchmark import BenchmarkModelOperator
from shamal.providers.triton.operators.deploy import DeployModelOperator
from shamal.providers.triton.operators.route import RouteTrafficOperator
from shamal.providers.triton.testing import FakeTriton


@pytest.fixture
def benchmark(tmp_path, make_version, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))  # a perf_analyzer on this machine cannot measure the fake

    def benchmark(**arguments):
        triton = FakeTriton(tmp_path)
        quick = {"window_seconds": 0.01, "most_windows": 3} | arguments
        for operator in (
            DeployModelOperator(task_id="d1", model="churn", version=1, **make_version(1)),
            RouteTrafficOperator(task_id="r", model="churn", version=1),
            DeployModelOperator(task_id="d2", model="churn", version=2, **make_version(2)),
            BenchmarkModelOperator(task_id="b", model="churn", **quick),
        ):
            operator.hook = triton
            result = operator.execute({})
        return result

    return benchmark


def test_measures_every_batch_size_with_every_number_of_clients(benchmark, capsys):
    result = benchmark(version="2", batch_sizes=[1, 32], concurrency=[1, 2])
    assert (result["version"], result["champion"]) == (2, 1)
    cells = [(each["batch_size"], each["concurrency"]) for each in result["measurements"]]
    assert cells == [(1, 1), (1, 2), (32, 1), (32, 2)]
    assert "churn version 2 against champion 1" in capsys.readouterr().out


def test_without_a_version_the_champion_is_measured(benchmark):
    assert benchmark(batch_sizes=[1], concurrency=[1])["version"] == 1


@pytest.mark.parametrize("wrong", [{"batch_sizes": []}, {"version": "two"}], ids=str)
def test_what_cannot_be_meant_is_refused(benchmark, wrong):
    with pytest.raises(InvalidDeployment):
        benchmark(**wrong)
