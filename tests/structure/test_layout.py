"""The layout rules of the project as tests: where things lie, who may import what, and that each has its test."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROVIDERS = sorted(path.parent for path in ROOT.glob("providers/*/provider.yaml"))
# Modules without behaviour of their own: generated, declarations, examples (which the DAG tests parse).
WITHOUT_TESTS = {"__init__.py", "__main__.py", "get_provider_info.py", "errors.py", "testing.py"}
# Modules that only Triton's own Python can import: the provider's integration tests prove them inside Triton.
INSIDE_TRITON = {Path("router/model.py"), Path("version/model.py")}


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in ROOT.glob(f"{folder}/**/*.py") if "/tests/" not in str(path))


def test_there_are_nine_providers() -> None:
    assert [path.name for path in PROVIDERS] == [
        "evidently",
        "feast",
        "governance",
        "great_expectations",
        "lakehouse",
        "mlflow",
        "pytorch",
        "triton",
        "vault",
    ]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda path: path.name)
def test_every_provider_is_complete(provider: Path) -> None:
    package = provider / "src" / "shamal" / "providers" / provider.name
    for part in ("README.md", "pyproject.toml"):
        assert (provider / part).is_file(), f"{provider.name} has no {part}"
    for part in ("__init__.py", "get_provider_info.py", "errors.py"):
        assert (package / part).is_file(), f"{provider.name} has no {part}"
    assert not (package.parent / "__init__.py").exists(), "shamal.providers is a namespace"
    assert list((provider / "tests").glob("integration/**/test_*.py")), f"{provider.name} has no integration test"


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda path: path.name)
def test_every_provider_module_has_its_test(provider: Path) -> None:
    package = provider / "src" / "shamal" / "providers" / provider.name
    missing = []
    for module in package.rglob("*.py"):
        inner = module.relative_to(package)
        if module.name in WITHOUT_TESTS or inner in INSIDE_TRITON or "example_dags" in inner.parts:
            continue
        names = [f"tests/{layer}/{inner.parent}/test_{module.name}" for layer in ("unit", "integration")]
        if not any((provider / name).is_file() for name in names):
            missing.append(str(inner))
    assert not missing, f"{provider.name}: no test file for {missing}"


@pytest.mark.parametrize("module", python_files("include", "local"), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_of_the_distribution_has_its_test(module: Path) -> None:
    inner = module.relative_to(ROOT)
    if module.name in WITHOUT_TESTS or inner.parts[:2] == ("include", "models"):
        return
    layers = ("unit", "integration", "faults")
    names = [f"tests/{layer}/{inner.parent}/test_{module.name}" for layer in layers]
    short = [name.replace("/local/pod_runner/", "/pod_runner/") for name in names]
    assert any((ROOT / name).is_file() for name in [*names, *short]), f"no test file for {inner}: expected {names[0]}"


@pytest.mark.parametrize("module", python_files("providers"), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_provider_stands_alone(module: Path) -> None:
    own = f"shamal.providers.{module.relative_to(ROOT).parts[1]}"
    for name in imports(module):
        assert not name.startswith(("include", "local", "config")), f"{module} imports {name}"
        assert not name.startswith("shamal.") or name.startswith(own), f"{module} imports another provider: {name}"


@pytest.mark.parametrize("module", python_files("include", "dags"), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_tasks_use_does_not_know_the_laptop_stack(module: Path) -> None:
    assert not [name for name in imports(module) if name == "local" or name.startswith("local.")]


@pytest.mark.parametrize("module", python_files("plugins"), ids=lambda path: str(path.relative_to(ROOT)))
def test_plugins_are_flat_and_cannot_import_include(module: Path) -> None:
    assert module.parent == ROOT / "plugins", "Airflow imports every file below plugins/ under its bare name"
    assert not [name for name in imports(module) if name.split(".")[0] in {"include", "local"}]


def test_a_dag_file_imports_include_only() -> None:
    for module in python_files("dags"):
        assert all(name.startswith("include.") for name in imports(module)), module


def test_airflow_looks_for_dags_in_dags_only() -> None:
    assert (ROOT / ".airflowignore").read_text().splitlines() == ["/*", "!/dags"]


def test_config_holds_no_code_but_local_settings() -> None:
    assert {path.name for path in ROOT.glob("config/**/*.py")} <= {"airflow_local_settings.py"}


def test_constraints_pin_no_cuda_build() -> None:
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    assert len(pins) > 200
    assert not [pin for pin in pins if pin.startswith(("nvidia-", "cuda-", "triton=="))]
    assert "torch==2.13.0" in pins
