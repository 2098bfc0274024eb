import errno
import os
from typing import Any

import pytest

from local.faults.deploy_alone import outcome
from shamal.providers.triton import deployment

FILES = {"path": "folder", "sha256": "0", "golden": "golden.json"}


def test_what_the_disk_says_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    def deploy(hook: Any, model: str, version: int, **files: Any) -> None:
        if model == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(deployment, "deploy", deploy)
    assert outcome("full", **FILES) == "OSError: No space left on device"
    assert outcome("roomy", **FILES) == "deployed"
