from pathlib import Path

import pytest

from shamal.providers.feast.definitions import load
from shamal.providers.feast.errors import InvalidDefinitions

pytestmark = pytest.mark.integration


def test_the_objects_of_the_module_are_found(definitions: Path) -> None:
    assert sorted(item.name for item in load(definitions)) == ["flight_delays", "flight_id", "flights"]


def test_a_file_without_views_is_refused(tmp_path: Path) -> None:
    (tmp_path / "features.py").write_text("x = 1\n")
    with pytest.raises(InvalidDefinitions, match="defines no FeatureView"):
        load(tmp_path / "features.py")


def test_the_line_of_an_error_is_named(tmp_path: Path) -> None:
    (tmp_path / "features.py").write_text("x = 1\ny = 1 / 0\n")
    with pytest.raises(InvalidDefinitions, match=r"features\.py:2: ZeroDivisionError"):
        load(tmp_path / "features.py")


def test_functions_that_feast_would_pickle_are_refused(definitions: Path) -> None:
    with definitions.open("a") as file:
        file.write(
            "\nfrom feast.on_demand_feature_view import on_demand_feature_view\n"
            "@on_demand_feature_view(sources=[flights], schema=[Field(name='far', dtype=Int64)], mode='pandas')\n"
            "def far(frame):\n    return frame\n"
        )
    with pytest.raises(InvalidDefinitions, match="pickles"):
        load(definitions)
