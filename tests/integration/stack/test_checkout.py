import subprocess

import pytest

from local.settings import HOME

pytestmark = pytest.mark.integration

# Made by the tools that build and check the project, not by the stack.
TOOLS = (".venv/", ".venv-triton/", ".ruff_cache/", ".mypy_cache/", ".pytest_cache/")


def test_the_stack_writes_only_below_its_state_folder(stack):
    """Everything git does not track, ignored files included, is in .shamal or was made by a tool."""
    command = ["git", "status", "--porcelain", "--ignored", "--untracked-files=normal"]
    lines = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=True).stdout.splitlines()
    ignored = [line.removeprefix("!! ") for line in lines if line.startswith("!! ")]
    unexpected = [
        path
        for path in ignored
        if path not in (".shamal/", *TOOLS) and not path.endswith(("__pycache__/", ".egg-info/"))
    ]
    assert unexpected == []
    for path in (
        "airflow.cfg",
        "airflow.db",
        "logs",
        "mlruns",
        "mlflow.db",
        "simple_auth_manager_passwords.json.generated",
    ):
        assert not (HOME / path).exists()
