"""The whole path on a real Feast, a real Iceberg catalog and a real SQLite online store; no server is needed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # noqa: TID253 - a test
import pytest

from shamal.providers.feast.errors import (
    EmptyTrainingSet,
    InvalidDefinitions,
    InvalidTrainingSet,
    MissingColumn,
    UnknownFeatureService,
    UnknownFeatureView,
    UnknownProject,
)
from shamal.providers.feast.hooks.feast import FeastHook
from shamal.providers.feast.operators.feast import FeastTrainingSetOperator
from shamal.providers.feast.testing import FakeFeastHook
from shamal.providers.feast.training_set import TrainingSetSpec

pytestmark = pytest.mark.integration

START = datetime(2013, 9, 1, tzinfo=UTC)
PROJECT = "flight_delays"
SPEC = TrainingSetSpec(
    "flight_delays.features",
    ["flight_id"],
    "late",
    {"carrier": 5},
    START,
    START + timedelta(hours=60),
    START + timedelta(hours=100),
)


def spec(**changes: Any) -> TrainingSetSpec:
    return TrainingSetSpec(**{**SPEC.__dict__, **changes})


@pytest.fixture(params=["real", "fake"])
def hook(request: pytest.FixtureRequest, lake: Any) -> Any:
    """The real hook and the fake over the same rows."""
    if request.param == "real":
        return FeastHook()
    rows = lake.load_table("flight_delays.features").scan().to_arrow().to_pylist()
    return FakeFeastHook({"flights": rows}, {PROJECT: ["distance", "carrier"]}, {"flight_delays.features": rows})


def test_both_hooks_keep_one_contract(hook: Any, definitions: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownProject):
        hook.materialize(PROJECT, None, START, START + timedelta(hours=50))
    applied = hook.apply(definitions, PROJECT)
    assert (applied["feature_views"], applied["feature_services"]) == (["flights"], [PROJECT])
    for _ in range(2):
        assert hook.materialize(PROJECT, None, START, START + timedelta(hours=50)) == {"flights": 50}
    with pytest.raises(UnknownFeatureView, match="flights"):
        hook.materialize(PROJECT, ["flight"], START, START + timedelta(hours=50))
    first, second = (hook.write_training_set(PROJECT, PROJECT, SPEC, tmp_path / "set") for _ in range(2))
    assert first == second
    assert first["rows"] == {"train": 54, "evaluation": 36}
    assert (first["dropped_without_label"], first["features"]) == (10, ["distance", "carrier"])
    with pytest.raises(UnknownFeatureService, match="Did you mean 'flight_delays'"):
        hook.write_training_set(PROJECT, "flight_delay", SPEC, tmp_path / "set")
    late = spec(start=START + timedelta(days=30), split=START + timedelta(days=31), end=START + timedelta(days=32))
    with pytest.raises(EmptyTrainingSet):
        hook.write_training_set(PROJECT, PROJECT, late, tmp_path / "set")
    (tmp_path / "broken.py").write_text("a = 1\nb = = 2\n")
    with pytest.raises(InvalidDefinitions, match=r"broken\.py:2"):
        hook.apply(tmp_path / "broken.py", PROJECT)


def test_broken_definitions_name_their_line_and_leave_the_registry(
    feast_settings: dict[str, str], lake: Any, definitions: Path
) -> None:
    hook, registry = FeastHook(), Path(feast_settings["registry"])
    hook.apply(definitions, PROJECT)
    before = registry.read_bytes()
    good = definitions.read_text()
    definitions.write_text(good + "\nFeatureService(name=undefined_name)\n")
    line = definitions.read_text().count("\n")
    with pytest.raises(InvalidDefinitions, match=rf"features\.py:{line}: NameError"):
        hook.apply(definitions, PROJECT)
    assert registry.read_bytes() == before


def test_materialised_values_are_served_and_never_go_back_in_time(lake: Any, definitions: Path) -> None:
    hook = FeastHook()
    hook.apply(definitions, PROJECT)
    hook.materialize(PROJECT, ["flights"], START, START + timedelta(hours=50))
    rows = [{"flight_id": n} for n in (1, 7, 11, 50)]
    assert hook.online_features(PROJECT, PROJECT, rows) == [
        {"flight_id": 1, "distance": 1.5, "carrier": 1},
        {"flight_id": 7, "distance": None, "carrier": 2},
        {"flight_id": 11, "distance": 16.5, "carrier": None},
        {"flight_id": 50, "distance": None, "carrier": None},
    ]
    table = lake.load_table("flight_delays.features")
    older = table.scan(row_filter="flight_id == 1").to_arrow().to_pylist()[0]
    import pyarrow as pa

    older |= {"event_timestamp": START - timedelta(days=3), "distance": 999.0}
    table.append(pa.Table.from_pylist([older], schema=table.schema().as_arrow()))
    assert hook.materialize(PROJECT, None, START - timedelta(days=9), START) == {"flights": 1}
    assert hook.online_features(PROJECT, PROJECT, rows[:1])[0]["distance"] == 1.5


def test_applying_again_keeps_what_was_materialised(lake: Any, definitions: Path) -> None:
    hook = FeastHook()
    hook.apply(definitions, PROJECT)
    for _ in range(3):
        hook.materialize(PROJECT, None, START, START + timedelta(hours=5))
    hook.apply(definitions, PROJECT)
    view = hook.store(PROJECT).get_feature_view("flights")
    assert view.materialization_intervals == [(START, START + timedelta(hours=5))]


def test_the_operator_writes_the_folder(lake: Any, definitions: Path, tmp_path: Path) -> None:
    FeastHook().apply(definitions, PROJECT)
    operator = FeastTrainingSetOperator(
        task_id="training_set",
        project=PROJECT,
        entity_table="flight_delays.features",
        keys=["flight_id"],
        label="late",
        feature_service=PROJECT,
        categorical={"carrier": 5},
        start="2013-09-01",
        split="2013-09-03",
        end="2013-09-05",
        output=str(tmp_path / "set"),
    )
    returned = operator.execute({})
    described = json.loads((tmp_path / "set/training_set.json").read_text())
    assert returned["digest"] == described["digest"]
    train = pq.read_table(tmp_path / "set/train.parquet")
    assert train.column_names == ["flight_id", "event_timestamp", "distance", "carrier", "late"]
    assert train.num_rows == returned["rows"]["train"] == 43
    assert train["carrier"].null_count == 0
    assert sorted(path.name for path in tmp_path.glob("*set*")) == ["set"]
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == [
        "evaluation.parquet",
        "train.parquet",
        "training_set.json",
    ]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"label": "lat"}, MissingColumn, "Did you mean 'late'"),
        ({"keys": ["flight"]}, MissingColumn, "Did you mean 'flight_id'"),
        ({"categorical": {"carier": 5}}, MissingColumn, "Did you mean 'carrier'"),
        ({"categorical": {"carrier": 4}}, InvalidTrainingSet, "allowed: 0 to 3"),
        ({"label": "distance"}, InvalidTrainingSet, "also a feature"),
        ({"split": START - timedelta(days=1)}, EmptyTrainingSet, "Move the split"),
    ],
)
def test_a_wrong_request_writes_nothing(
    lake: Any, definitions: Path, tmp_path: Path, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    FeastHook().apply(definitions, PROJECT)
    with pytest.raises(error, match=message):
        FeastHook().write_training_set(PROJECT, PROJECT, spec(**changes), tmp_path / "set")
    assert not (tmp_path / "set").exists()
