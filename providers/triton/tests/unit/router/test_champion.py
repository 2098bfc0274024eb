import time
from pathlib import Path

import pytest

from shamal.providers.triton import deployment, traffic
from shamal.providers.triton.router.champion import Champion, open_session
from shamal.providers.triton.testing import FakeTriton


@pytest.fixture
def triton(tmp_path, make_version):
    triton = FakeTriton(tmp_path)
    for version in (1, 2):
        files = make_version(version)
        deployment.deploy(
            triton, "churn", version, path=Path(files["path"]), sha256=files["sha256"], golden=Path(files["golden"])
        )
    traffic.route(triton, "churn", 1)
    return triton


def wait_until(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def test_a_new_champion_is_swapped_in_and_a_bad_file_changes_nothing(triton):
    warnings = []
    champion = Champion(triton.repository.root / "churn", warnings.append)
    try:
        assert champion.serving.route.champion == 1
        traffic.route(triton, "churn", 2)
        wait_until(lambda: champion.serving.route.champion == 2)
        (triton.repository.root / "churn" / "router.json").write_text("{")
        wait_until(lambda: warnings)
        assert champion.serving.route.champion == 2
    finally:
        champion.close()


def test_a_file_that_was_changed_after_its_deployment_is_refused(triton):
    folder = triton.repository.root / "churn__v1"
    (folder / "1" / "model.onnx").write_bytes(b"other")
    with pytest.raises(ValueError, match="deploy the version again"):
        open_session(folder)
