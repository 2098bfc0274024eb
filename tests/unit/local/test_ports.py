import os
import socket

import pytest

from local.ports import PortTakenError, require_free
from local.servers import mlflow


def test_a_taken_port_is_named_with_its_setting_and_its_owner():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(PortTakenError) as error:
            require_free({"SHAMAL_MLFLOW_PORT": port}, mlflow.SERVER)
    for part in (port, "SHAMAL_MLFLOW_PORT", "local/env", f"process {os.getpid()}", "mlflow"):
        assert part in str(error.value)


def test_a_free_port_passes():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = str(closed.getsockname()[1])
    require_free({"SHAMAL_MLFLOW_PORT": port}, mlflow.SERVER)
