from pathlib import Path

import pytest

from local.pod_runner.environment import launch_plan
from local.pod_runner.images import PROJECT_ROOT


def plan(pod, gpus=()):
    return launch_plan(pod, Path("/env"), Path("/pods/a"), list(gpus))


def test_nothing_of_the_runners_environment_is_inherited(pod, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "secret")
    env = plan(pod())["env"]
    assert env["PATH"].startswith("/env/bin:")
    assert env["PYTHONPATH"] == str(PROJECT_ROOT)
    assert env["HOME"] == env["TMPDIR"] == "/pods/a/tmp"
    assert not [name for name in env if name.startswith("AIRFLOW")]


def test_references_are_expanded_as_kubernetes_does(pod):
    env = [
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "GREETING", "value": "hello $(NAME) $(NONE) $$(NAME)"},
        {"name": "EMPTY"},
    ]
    made = plan(pod(env=env, command=["echo", "$(GREETING)"], args=["$HOME"]))
    assert made["argv"] == ["echo", "hello a $(NONE) $(NAME)", "$HOME"]
    assert made["env"]["EMPTY"] == ""


def test_limits_become_numbers_and_threads(pod):
    limits = {"resources": {"limits": {"cpu": "1500m", "memory": "1Gi"}}}
    made = plan(pod(spec={"activeDeadlineSeconds": 9}, **limits), gpus=[1, 3])
    assert made["memory"] == 2**30
    assert (made["deadline"], made["grace"]) == (9, 30)
    assert made["env"]["OMP_NUM_THREADS"] == "2"
    assert made["env"]["CUDA_VISIBLE_DEVICES"] == "1,3"


@pytest.mark.parametrize(("env", "threads"), [([], None), ([{"name": "OMP_NUM_THREADS", "value": "7"}], "7")])
def test_threads_are_left_alone_without_a_limit_or_when_given(pod, env, threads):
    assert plan(pod(env=env))["env"].get("OMP_NUM_THREADS") == threads
