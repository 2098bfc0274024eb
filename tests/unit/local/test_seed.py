import re

import pytest

from local import settings
from local.seed import DECLARED, connection, declared, pools


def test_every_connection_of_the_stack_is_declared():
    ids = [entry["conn_id"] for entry in declared(settings.load("test"))["connections"]]
    systems = ["spark", "lakehouse", "feast", "mlflow", "kubernetes", "triton", "vault"]
    assert ids == [f"{system}_default" for system in systems]


def test_settings_are_filled_in_and_ports_are_numbers():
    values = settings.load("test")
    triton = next(entry for entry in declared(values)["connections"] if entry["conn_id"] == "triton_default")
    assert connection(triton) == {
        "conn_type": "shamal_triton",
        "host": "127.0.0.1",
        "port": int(values["SHAMAL_TRITON_HTTP_PORT"]),
        "extra": {
            "grpc_port": int(values["SHAMAL_TRITON_GRPC_PORT"]),
            "model_repository": values["SHAMAL_TRITON_MODELS"],
            "prediction_log": values["SHAMAL_PREDICTIONS"],
            "log": f"{values['SHAMAL_LOGS']}/triton.log",
        },
    }


def test_an_unknown_setting_is_an_error(tmp_path):
    path = tmp_path / "airflow_settings.yaml"
    path.write_text("airflow:\n  connections: [{conn_id: x, conn_host: '${NO_SUCH_SETTING}'}]\n")
    with pytest.raises(KeyError, match="NO_SUCH_SETTING"):
        declared({}, path)


def test_no_secret_is_declared():
    assert not re.search(r"password|token|secret_id", DECLARED.read_text(), re.IGNORECASE)


def test_pools_have_the_fields_of_the_rest_api():
    for pool in pools(settings.load("test")):
        assert set(pool) == {"name", "slots", "description", "include_deferred"}
        assert pool["slots"] >= 1
