"""Deploys version 2 in a process of its own and prints how that ended: `python -m local.faults.deploy_alone`.

It finds the server as its caller does, by the environment that it inherits.
"""

import json
import sys
from pathlib import Path


def outcome(model: str, path: str, sha256: str, golden: str) -> str:
    """Return what the deployment said of the disk."""
    from shamal.providers.triton import deployment
    from shamal.providers.triton.errors import RepositoryFull
    from shamal.providers.triton.hooks.triton import TritonHook

    try:
        deployment.deploy(TritonHook(), model, 2, path=Path(path), sha256=sha256, golden=Path(golden))
    except RepositoryFull as error:
        return f"{type(error).__name__}: {error}"
    return "deployed"


if __name__ == "__main__":
    print(outcome(**json.loads(sys.argv[1])))
