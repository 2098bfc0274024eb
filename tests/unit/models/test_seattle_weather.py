"""What the ingestion of the weather takes for granted about its file, checked without Spark."""

import ast
import importlib.util
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.model_spec import MODELS, load_model


@pytest.fixture(scope="module")
def days() -> Any:
    from pyarrow import csv

    spec: Any = importlib.util.find_spec("vega_datasets")
    return csv.read_csv(Path(spec.submodule_search_locations[0]) / "_data/seattle-weather.csv")


def test_every_day_is_there_once(days: Any) -> None:
    found = [date(*map(int, str(day).split()[0].replace("/", "-").split("-"))) for day in days["date"].to_pylist()]
    assert found == [date(2012, 1, 1) + timedelta(days=number) for number in range(1461)]


def test_the_code_list_has_every_sky_and_the_size_of_the_spec(days: Any) -> None:
    tree = ast.parse((MODELS / "seattle_weather/ingest.py").read_text())
    (skies,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SKIES"
    ]
    assert set(days["weather"].unique().to_pylist()) == set(skies)
    assert load_model("seattle_weather").features.categorical == {"sky": len(skies) + 1}
