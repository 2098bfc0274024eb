import time
from collections.abc import Callable
from typing import Any

import pytest

from shamal.providers.pytorch.operators.reap import ReapOrphanPodsOperator

pytestmark = pytest.mark.integration

NAMESPACE = "pytorch-tests"
LABELS = {"app.kubernetes.io/component": "training"}


def create(client: Any, name: str, script: str, labels: dict[str, str]) -> None:
    container = {"name": "base", "image": "shamal/train:0.1.0", "command": ["sh", "-c", script]}
    manifest = {
        "metadata": {"name": name, "labels": labels},
        "spec": {"restartPolicy": "Never", "containers": [container]},
    }
    client.create_namespaced_pod(NAMESPACE, manifest)


def reap(keep_hours: float) -> list[str]:
    task = ReapOrphanPodsOperator(task_id="reap", namespace=NAMESPACE, keep_hours=keep_hours)
    deleted: list[str] = task.execute({})["deleted"]
    return deleted


def test_ended_training_pods_go_when_they_are_old_enough(client: Any, pods: Callable[[], dict[str, str]]) -> None:
    create(client, "failed", "exit 3", LABELS)
    create(client, "succeeded", "true", LABELS)
    create(client, "running", "sleep 600", LABELS)
    create(client, "of-others", "true", {})
    ends = {"failed": "Failed", "succeeded": "Succeeded", "running": "Running", "of-others": "Succeeded"}
    deadline = time.monotonic() + 60
    while pods() != ends:
        assert time.monotonic() < deadline, pods()
        time.sleep(0.2)
    assert reap(keep_hours=1) == []
    assert reap(keep_hours=0) == ["failed", "succeeded"]
    assert set(pods()) == {"running", "of-others"}
    assert reap(keep_hours=0) == []
