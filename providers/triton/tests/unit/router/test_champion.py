import time
from pathlib import Path

import numpy as np
import pytest

from shamal.providers.triton import deployment, traffic
from shamal.providers.triton.router import champion as champion_module
from shamal.providers.triton.router.champion import Champion, Serving, open_session
from shamal.providers.triton.router.route import Route
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


def test_a_champion_has_run_before_it_is_swapped_in_and_a_slow_one_serves_all_the_same(triton, monkeypatch):
    monkeypatch.setattr(champion_module, "WARM_UP_SECONDS", 0.2)
    (triton.repository.root / "churn__v2" / "serving.json").write_text('{"warm_up_p99_ms": 1e-6}')
    runs = []
    monkeypatch.setattr(Serving, "scores", lambda serving, rows: runs.append((serving.route.champion, len(rows))))
    warnings = []
    champion = Champion(triton.repository.root / "churn", warnings.append)
    try:
        assert set(runs) == {(1, 1)}
        assert warnings == []
        rewrite(triton, 2)
        wait_until(lambda: champion.serving.route.champion == 2)
        assert set(runs) == {(1, 1), (2, 1)}
        assert "version 2 has a p99 of" in warnings[0]
    finally:
        champion.close()


def test_a_request_of_another_width_is_refused_with_the_right_one(triton):
    champion = Champion(triton.repository.root / "churn", print)
    try:
        with pytest.raises(ValueError, match="features has 5 columns; version 1 takes 4"):
            champion.serving.scores(np.zeros((1, 5), np.float32))
        assert champion.serving.scores(np.zeros((2, 4), np.float32)).tolist() == [0.5, 0.5]
    finally:
        champion.close()


def test_the_settings_of_the_other_versions_come_with_the_route(triton):
    (triton.repository.root / "churn__v2" / "serving.json").write_text('{"candidate_timeout_ms": 50}')
    champion = Champion(triton.repository.root / "churn", print)
    try:
        rewrite(triton, 1, shadow=2, weights={1: 0.5, 7: 0.5}, expires=1.0)
        wait_until(lambda: champion.serving.route.shadow == 2)
        assert champion.serving.others[2].candidate_timeout_ms == 50
        assert champion.serving.others[7].candidate_timeout_ms == 1000, "a version without a folder fails when asked"
    finally:
        champion.close()


def rewrite(triton, champion, **changes):
    route = Route(champion, **({"weights": {champion: 1.0}} | changes))
    (triton.repository.root / "churn" / "router.json").write_text(route.to_json())
