"""Rules for every DAG that the distribution ships, read as Airflow reads them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
MODELS = sorted(path.parent.name for path in (ROOT / "include" / "models").glob("*/model.yaml"))
DISTRIBUTION = ["reconcile"]
STAGES = ("ingest", "train", "release", "monitor")
HEAVY = ("torch", "pyspark", "great_expectations", "feast", "evidently", "mlflow", "pandas", "sklearn", "onnxruntime")


@pytest.fixture(scope="module")
def dags() -> dict[str, DAG]:
    bag = DagBag(ROOT, safe_mode=False)
    assert not bag.import_errors
    return dict(bag.dags)


EXPECTED = sorted([*DISTRIBUTION, *(f"{model}_{stage}" for model in MODELS for stage in STAGES)])


def test_every_file_of_dags_yields_the_four_dags_of_its_model_or_one_of_the_distribution(dags: dict[str, DAG]) -> None:
    assert sorted(file.stem for file in FILES) == sorted([*DISTRIBUTION, *MODELS])
    assert sorted(dags) == EXPECTED


def test_every_dag_is_owned_explained_tagged_and_retried(dags: dict[str, DAG]) -> None:
    for dag in dags.values():
        kinds = {tag.split(":")[0] for tag in dag.tags}
        of_a_model = set() if dag.dag_id in DISTRIBUTION else {"model", "classification", "residency"}
        assert kinds == {"stage"} | of_a_model, dag.dag_id
        assert "Owner" in (dag.doc_md or ""), f"{dag.dag_id} does not show its runbook"
        assert dag.max_active_runs <= 16
        for task in dag.tasks:
            where = f"{dag.dag_id}.{task.task_id}"
            assert task.owner != "airflow", where
            assert task.retries >= 5, where
            # A person answers within `response_timeout`; nothing runs meanwhile.
            assert task.execution_timeout is not None or task.task_id == "approval", where


def test_ingest_asks_for_two_days(dags: dict[str, DAG]) -> None:
    params = dags["flight_delays_ingest"].params
    assert {name: params.get_param(name).schema["format"] for name in params} == {
        "start_date": "date",
        "end_date": "date",
    }


def test_the_dags_of_a_model_are_joined_by_assets_only(dags: dict[str, DAG]) -> None:
    text = {dag_id: json.dumps(DagSerialization.to_dict(dag)) for dag_id, dag in dags.items()}
    for model in MODELS:
        assert f"{model}/features" in text[f"{model}_train"]
        assert f"{model}/drift" in text[f"{model}_train"]
        assert f"{model}/candidate" in text[f"{model}_release"]
        assert "TriggerDagRunOperator" not in "".join(text.values())


def test_serialised_dags_hold_no_credentials(dags: dict[str, DAG]) -> None:
    for dag_id, dag in dags.items():
        text = json.dumps(DagSerialization.to_dict(dag)).lower()
        for word in ("password", "secret_id", "bearer", "token"):
            assert word not in text, f"{dag_id} mentions {word}"


@pytest.mark.parametrize(
    "example", sorted(ROOT.glob("providers/*/src/**/example_dags/*.py")), ids=lambda path: path.stem
)
def test_every_example_dag_parses(example: Path) -> None:
    if example.name == "__init__.py":
        return
    bag = DagBag(example, safe_mode=False)
    assert not bag.import_errors
    assert bag.dags


def test_every_operator_stands_in_an_example_dag() -> None:
    examples = "".join(path.read_text() for path in ROOT.glob("providers/*/src/**/example_dags/*.py"))
    for module in ROOT.glob("providers/*/src/**/operators/*.py"):
        for line in module.read_text().splitlines():
            if line.startswith("class ") and not line.startswith("class _") and "Operator(" in line:
                name = line.removeprefix("class ").split("(")[0]
                assert name in examples, f"{name} is used in no example DAG"


def test_parsing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from airflow.dag_processing.dagbag import DagBag; "
        f"bag = DagBag({str(ROOT)!r}, safe_mode=False); assert not bag.import_errors, bag.import_errors; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.splitlines()[-1] == "[]"


def test_a_broken_model_folder_breaks_its_own_dag_file_only(tmp_path: Path) -> None:
    broken = tmp_path / "dags" / "broken.py"
    broken.parent.mkdir()
    broken.write_text('from include.model_spec import load_model\nload_model("no_such_model")\n')
    bag = DagBag(broken.parent, safe_mode=False, collect_dags=False)
    found = [dag.dag_id for file in [broken, *FILES] for dag in bag.process_file(str(file), safe_mode=False)]
    assert list(bag.import_errors) == [str(broken)]
    assert "Known models: flight_delays, seattle_weather" in bag.import_errors[str(broken)]
    assert sorted(found) == EXPECTED
