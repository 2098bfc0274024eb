"""Each provider alone in a bare Airflow: its wheel, the dependencies that it names, nothing else of this project."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
PROVIDERS = sorted(path.parent for path in ROOT.glob("providers/*/provider.yaml"))
UV = str(Path(sys.executable).with_name("uv"))
# What Airflow does not load: the training pod (torch), Triton's own Python, and what only tests need.
ELSEWHERE = {"train", "router", "version", "testing.py"}

pytestmark = pytest.mark.faults


class Bare:
    """An environment with Airflow and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = str(folder / "venv/bin/python")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "PYTHONPATH"))}
        self.environment = kept | {"AIRFLOW_HOME": str(folder / "airflow")}
        self.run(UV, "venv", "--python", sys.executable, str(folder / "venv"))
        airflow = next(pin for pin in CONSTRAINTS.read_text().splitlines() if pin.startswith("apache-airflow=="))
        self.pip("install", "--constraint", str(CONSTRAINTS), airflow)
        self.packages = folder / "packages.txt"
        self.packages.write_text(self.pip("freeze"))

    def run(self, *command: str) -> str:
        result = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout[-2000:]}\n{result.stderr[-4000:]}"
        return result.stdout

    def pip(self, action: str, *arguments: str) -> str:
        return self.run(UV, "pip", action, "--python", self.python, *arguments)

    def providers(self) -> set[str]:
        """Return this project's providers, as Airflow lists them."""
        listed = json.loads(self.run(str(Path(self.python).with_name("airflow")), "providers", "list", "-o", "json"))
        return {entry["package_name"] for entry in listed if entry["package_name"].startswith("shamal-")}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    environment = Bare(tmp_path_factory.mktemp("bare"))
    yield environment
    assert not environment.providers(), "an uninstalled provider is still known"


def modules(provider: Path) -> list[str]:
    """Return the modules that Airflow may load, example DAGs included."""
    source = provider / "src"
    package = source / "shamal/providers" / provider.name
    files = (
        path
        for path in package.rglob("[a-z]*.py")
        if not ELSEWHERE & {path.name, *path.relative_to(package).parent.parts}
    )
    return sorted(".".join(path.relative_to(source).with_suffix("").parts) for path in files)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda path: path.name)
def test_a_provider_installs_alone_is_known_to_airflow_and_imports(provider: Path, bare: Bare) -> None:
    name = f"shamal-provider-{provider.name.replace('_', '-')}"
    bare.pip("install", "--constraint", str(CONSTRAINTS), str(provider))
    try:
        assert bare.providers() == {name}
        # Airflow first, as in each of its processes: it loads the policies of a provider while it starts.
        load = f"import airflow.settings, importlib; [importlib.import_module(name) for name in {modules(provider)}]"
        bare.run(bare.python, "-c", load)
        assert not [pin for pin in bare.pip("freeze").splitlines() if pin.startswith("torch==")]
    finally:
        # The next provider must name its own dependencies: those of this one go with it.
        bare.pip("sync", str(bare.packages))
