import pytest

from shamal.providers.triton.errors import InvalidDeployment
from shamal.providers.triton.operators.deploy import DeployModelOperator
from shamal.providers.triton.testing import FakeTriton


def operator(tmp_path, **arguments):
    operator = DeployModelOperator(task_id="deploy", model="churn", **arguments)
    operator.hook = FakeTriton(tmp_path)
    return operator


def test_deploys_a_version_given_as_a_rendered_template(tmp_path, make_version):
    result = operator(tmp_path, version="1", **make_version(1)).execute({})
    assert (result["model"], result["version"], result["backend"]) == ("churn", 1, "python")


@pytest.mark.parametrize("version", ["", "None", "-1", "1.0"])
def test_a_version_that_is_no_number_is_refused(tmp_path, make_version, version):
    with pytest.raises(InvalidDeployment, match="not a number from 1"):
        operator(tmp_path, version=version, **make_version(1)).execute({})
