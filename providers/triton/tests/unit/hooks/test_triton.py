import json

import pytest

from shamal.providers.triton.errors import InvalidDeployment
from shamal.providers.triton.hooks.triton import TritonHook


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setenv(
        "AIRFLOW_CONN_TRITON_DEFAULT", json.dumps({"conn_type": "shamal_triton", "host": "h", "port": 1})
    )
    hook = TritonHook()
    assert hook.address == "h:1"
    with pytest.raises(InvalidDeployment, match="triton_default has no extra 'model_repository'"):
        _ = hook.repository
