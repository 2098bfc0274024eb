import pytest

from shamal.providers.triton.errors import InvalidDeployment, NothingToRollBackTo
from shamal.providers.triton.operators.deploy import DeployModelOperator
from shamal.providers.triton.operators.route import RollbackDeploymentOperator, RouteTrafficOperator
from shamal.providers.triton.testing import FakeTriton


@pytest.fixture
def run(tmp_path):
    triton = FakeTriton(tmp_path)

    def run(kind, **arguments):
        operator = kind(task_id="t", model="churn", **arguments)
        operator.hook = triton
        return operator.execute({})

    return run


def test_routes_to_a_version_and_back(run, make_version):
    for version in (1, 2):
        run(DeployModelOperator, version=version, **make_version(version))
        routed = run(RouteTrafficOperator, version=str(version))
    assert routed == {"model": "churn", "champion": 2, "previous": 1}
    assert run(RollbackDeploymentOperator, version="2")["champion"] == 1


def test_bad_input_is_refused(run):
    with pytest.raises(InvalidDeployment):
        run(RouteTrafficOperator, version="newest")
    with pytest.raises(NothingToRollBackTo):
        run(RollbackDeploymentOperator)
