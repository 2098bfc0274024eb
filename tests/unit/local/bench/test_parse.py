from pathlib import Path

from include.model_spec import load_model
from local.bench.parse import copy_models


def test_the_copies_are_models_of_their_own(tmp_path: Path) -> None:
    copy_models(tmp_path, 2)
    assert sorted(path.name for path in (tmp_path / "dags").iterdir()) == ["model_000.py", "model_001.py"]
    assert 'load_model("model_001")' in (tmp_path / "dags" / "model_001.py").read_text()
    spec = load_model("model_001", tmp_path / "include" / "models")
    assert (spec.name, spec.published_table) == ("model_001", "model_001.flights")


def test_nothing_else_of_the_project_is_copied(tmp_path: Path) -> None:
    copy_models(tmp_path, 1)
    assert [path.name for path in (tmp_path / "include" / "models").iterdir()] == ["model_000"]
    assert not list(tmp_path.rglob("__pycache__"))
