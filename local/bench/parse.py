"""CPU time of parsing DAG files of models."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from local.bench import process
from local.bench.context import Bench
from local.bench.result import Value
from local.settings import HOME, process_environment

BUDGET_SECONDS = 0.1
MODELS = 100
ORIGINAL = "flight_delays"


def measure(_bench: Bench) -> list[Value]:
    """Return CPU seconds of parsing one model's DAG file, and 100 such files with a model folder each.

    In a fresh process, once Airflow and our operators are imported: from the file's bytes to four checked DAGs, cluster
    policies included, as the dag-processor reads it. The one file is the process's first. The 100 models are copies of
    flight_delays under other names, in a temporary folder beside copies of `include/` and `config/`.
    """
    with TemporaryDirectory(prefix="shamal-bench-") as name:
        folder = Path(name)
        copy_models(folder, MODELS)
        seconds = process.run("local.bench.parse_files", environment=_environment(folder), folder=folder)
    return [
        Value("parse one model's DAG file, CPU", seconds[0], "s", BUDGET_SECONDS),
        Value(f"parse {MODELS} models' DAG files, CPU", sum(seconds), "s", BUDGET_SECONDS * MODELS),
    ]


def copy_models(folder: Path, models: int) -> None:
    """Make a project with this many models: copies of flight_delays named `model_000`, `model_001`, …"""
    for part in ("include", "config"):
        shutil.copytree(HOME / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "models"))
    (folder / "dags").mkdir()
    dag_file = (HOME / "dags" / f"{ORIGINAL}.py").read_text()
    for number in range(models):
        model = f"model_{number:03}"
        copy = folder / "include" / "models" / model
        shutil.copytree(HOME / "include" / "models" / ORIGINAL, copy, ignore=shutil.ignore_patterns("__pycache__"))
        spec = copy / "model.yaml"
        spec.write_text(spec.read_text().replace(f"name: {ORIGINAL}\n", f"name: {model}\n"))
        (folder / "dags" / f"{model}.py").write_text(dag_file.replace(f'"{ORIGINAL}"', f'"{model}"'))


def _environment(folder: Path) -> dict[str, str]:
    return process_environment({}) | {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__GOVERNANCE__RESIDENCY_FILE": str(folder / "config" / "residency.yaml"),
        # include/ comes from the copies, local/ from the project.
        "PYTHONPATH": f"{folder}:{HOME}",
    }
