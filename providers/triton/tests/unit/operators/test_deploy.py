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


def test_settings_reach_the_version_and_wrong_ones_are_refused(tmp_path, make_version):
    files = make_version(1)
    deploying = operator(tmp_path, version=1, instances=2, max_batch_rows=8, queue_delay_us=100, **files)
    deploying.execute({})
    config = (deploying.hook.repository.version_folder("churn", 1) / "config.pbtxt").read_text()
    assert "max_batch_size: 8" in config
    assert "count: 2" in config
    assert "max_queue_delay_microseconds: 100" in config
    with pytest.raises(InvalidDeployment, match="churn: instances is 0"):
        operator(tmp_path, version=2, instances=0, **files).execute({})
