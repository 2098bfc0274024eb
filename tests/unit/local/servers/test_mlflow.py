import stat

from local import settings
from local.servers import mlflow


def test_the_authentication_file_is_private_and_holds_no_password(tmp_path):
    mlflow.SERVER.prepare(settings.load("test") | {"SHAMAL_MLFLOW_STATE": str(tmp_path)})
    path = tmp_path / "auth.ini"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "password" not in path.read_text()


def test_it_listens_on_this_machine_only():
    command = mlflow.SERVER.command(settings.load("test"))
    assert command[command.index("--host") + 1] == "127.0.0.1"
