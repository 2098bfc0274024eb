from pathlib import Path

import pytest

from shamal.providers.mlflow.errors import GateDenied
from shamal.providers.mlflow.releases import register
from shamal.providers.mlflow.testing import FakeMlflow


def test_a_run_that_was_never_judged_is_refused(tmp_path: Path) -> None:
    hook = FakeMlflow(tmp_path)
    run_id = hook.find_or_start_run("flight_delays", "key", "a run")
    with pytest.raises(GateDenied, match="never judged"):
        register(hook, "flight_delays", run_id, "candidate")
    assert not hook.client.models
