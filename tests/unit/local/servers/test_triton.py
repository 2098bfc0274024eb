import json

from local import settings
from local.servers import triton


def _loaded(models, tmp_path):
    values = settings.load("test") | {"SHAMAL_TRITON_MODELS": str(tmp_path)}
    if models is not None:
        (tmp_path / "approved.json").write_text(json.dumps({"load": models}))
    command = triton.SERVER.command(values)
    return [argument for argument in command if argument.startswith("--load-model=")]


def test_nothing_is_loaded_before_the_first_release(tmp_path):
    assert _loaded(None, tmp_path) == []


def test_a_restart_loads_the_last_approved_set(tmp_path):
    assert _loaded(["flight_delays", "seattle_weather"], tmp_path) == [
        "--load-model=flight_delays",
        "--load-model=seattle_weather",
    ]


def test_every_port_is_on_this_machine_only():
    command = triton.SERVER.command(settings.load("test"))
    for protocol in ("http", "grpc", "metrics"):
        assert f"--{protocol}-address=127.0.0.1" in command
