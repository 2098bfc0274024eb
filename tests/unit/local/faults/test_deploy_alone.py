from typing import Any

import pytest

from local.faults.deploy_alone import outcome
from shamal.providers.triton import deployment
from shamal.providers.triton.errors import RepositoryFull

FILES = {"path": "folder", "sha256": "0", "golden": "golden.json"}


def test_what_the_disk_says_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    def deploy(hook: Any, model: str, version: int, **files: Any) -> None:
        if model == "full":
            raise RepositoryFull("no space left")

    monkeypatch.setattr(deployment, "deploy", deploy)
    assert outcome("full", **FILES) == "RepositoryFull: no space left"
    assert outcome("roomy", **FILES) == "deployed"
