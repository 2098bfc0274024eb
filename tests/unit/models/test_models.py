"""What every model folder promises, without Spark and without training."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.model_spec import MODELS, load_model

NAMES = sorted(path.parent.name for path in MODELS.glob("*/model.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_every_file_of_the_folder_is_there(name: str) -> None:
    files = {path.name for path in (MODELS / name).iterdir()}
    assert files >= {"model.yaml", "ingest.py", "expectations.yaml", "features.py", "train.py", "README.md"}


@pytest.mark.parametrize("name", NAMES)
def test_training_settings_are_accepted_by_the_pod_and_name_the_same_task(name: str) -> None:
    from shamal.providers.pytorch.train.config import parse

    spec = load_model(name)
    assert parse(spec.training.config).task == spec.task


def untrained(name: str) -> Any:
    from shamal.providers.pytorch.train import Columns
    from shamal.providers.pytorch.train.__main__ import load_build

    features = load_model(name).features
    zeros, ones = dict.fromkeys(features.numerical, 0.0), dict.fromkeys(features.numerical, 1.0)
    columns = Columns(tuple(features.columns), dict(features.categorical), zeros, ones, 0.0, 1.0)
    return load_build(MODELS / name / "train.py")(columns, {}).eval()


def extreme_rows(name: str) -> Any:
    import torch

    values = (float("nan"), 0.0, 1.0, 1e30, -1e30)
    return torch.tensor([[value] * len(load_model(name).features.columns) for value in values])


@pytest.mark.parametrize("name", NAMES)
def test_the_network_scores_missing_extreme_and_unseen_values(name: str) -> None:
    import torch

    with torch.no_grad():
        scores = untrained(name)(extreme_rows(name))
    assert scores.shape == (5,)
    assert bool(torch.isfinite(scores).all())


@pytest.mark.parametrize("name", NAMES)
def test_what_is_served_answers_such_values_as_the_network_does(name: str, tmp_path: Path) -> None:
    from shamal.providers.pytorch.train.export import Scored, export

    scored = Scored(untrained(name), load_model(name).task == "binary_classification").eval()
    assert export(scored, extreme_rows(name), tmp_path / "model.onnx", 1e-4) < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_feast_serves_the_features_of_the_spec_from_its_table(name: str) -> None:
    import importlib.util

    from feast import Entity, FeatureService, FeatureView

    spec = load_model(name)
    loader: Any = importlib.util.spec_from_file_location(f"features_{name}", MODELS / name / "features.py")
    module = importlib.util.module_from_spec(loader)
    loader.loader.exec_module(module)
    objects = list(vars(module).values())
    (view,) = [each for each in objects if isinstance(each, FeatureView)]
    (service,) = [each for each in objects if isinstance(each, FeatureService)]
    assert [field.name for field in view.features] == spec.features.columns
    assert service.name == spec.features.service
    assert view.source.table == spec.published_table
    assert [each.join_key for each in objects if isinstance(each, Entity)] == spec.features.keys


@pytest.mark.parametrize("name", NAMES)
def test_the_recorded_digests_are_those_of_the_installed_files(name: str) -> None:
    import hashlib
    import importlib.util

    source = load_model(name).source
    spec: Any = importlib.util.find_spec(source.location.removeprefix("package:"))
    folder = Path(spec.submodule_search_locations[0])
    for file, digest in source.files.items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest


def test_the_sizes_of_the_categories_are_those_of_the_vocabulary() -> None:
    vocabulary = json.loads((MODELS / "flight_delays/vocabulary.json").read_text())
    sizes = load_model("flight_delays").features.categorical
    assert sizes == {name: len(values) + 1 for name, values in vocabulary.items()}


@pytest.mark.parametrize("name", NAMES)
def test_the_compute_profile_exists(name: str) -> None:
    profiles = yaml.safe_load((MODELS.parent.parent / "config/compute.yaml").read_text())
    assert load_model(name).training.compute in profiles
