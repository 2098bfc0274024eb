from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def pod() -> Callable[..., dict[str, Any]]:
    """Make a pod as the runner keeps it."""

    def make(name: str = "a", *, metadata: Any = None, spec: Any = None, **container: Any) -> dict[str, Any]:
        base = {"name": "base", "image": "shamal/train:0.1.0", "command": ["true"]} | container
        return {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {
                "name": name,
                "namespace": "shamal",
                "uid": f"uid-of-{name}",
                "creationTimestamp": "2026-01-01T00:00:00Z",
            }
            | (metadata or {}),
            "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 30, "containers": [base]}
            | (spec or {}),
            "status": {"phase": "Pending"},
        }

    return make
