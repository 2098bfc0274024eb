from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shamal.providers.feast.errors import InvalidDefinitions, InvalidInterval, UnknownFeatureView
from shamal.providers.feast.operators import feast as operators
from shamal.providers.feast.testing import FakeFeastHook

START = datetime(2013, 9, 1, tzinfo=UTC)
ROWS = [{"flight_id": n, "event_timestamp": START + timedelta(hours=n), "late": n % 2 or None} for n in range(48)]


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeFeastHook:
    hook = FakeFeastHook({"flights": ROWS}, {"service": ["distance"]}, {"a.b": ROWS})
    hook.projects.add("p")
    monkeypatch.setattr(operators, "FeastHook", lambda *_, **__: hook)
    return hook


def training_set(**changes: Any) -> operators.FeastTrainingSetOperator:
    arguments: dict[str, Any] = {
        "project": "p",
        "entity_table": "a.b",
        "keys": ["flight_id"],
        "label": "late",
        "feature_service": "service",
        "start": "2013-09-01",
        "split": "2013-09-02",
        "end": "2013-09-03",
        "output": "folder",
    }
    return operators.FeastTrainingSetOperator(task_id="t", **{**arguments, **changes})


def test_apply_returns_the_names(tmp_path: Path) -> None:
    (tmp_path / "features.py").write_text("")
    operator = operators.FeastApplyOperator(task_id="t", definitions=str(tmp_path / "features.py"), project="p")
    assert operator.execute({})["feature_views"] == ["flights"]


def test_apply_refuses_a_missing_file(tmp_path: Path) -> None:
    operator = operators.FeastApplyOperator(task_id="t", definitions=str(tmp_path / "none.py"), project="p")
    with pytest.raises(InvalidDefinitions, match="do not exist"):
        operator.execute({})


def test_materialize_returns_rows_per_view() -> None:
    operator = operators.FeastMaterializeOperator(task_id="t", project="p", start="2013-09-01", end="2013-09-02")
    assert operator.execute({})["rows"] == {"flights": 24}


def test_materialize_refuses_an_unknown_view() -> None:
    operator = operators.FeastMaterializeOperator(
        task_id="t", project="p", views=["flight"], start="2013-09-01", end="2013-09-02"
    )
    with pytest.raises(UnknownFeatureView, match="Did you mean 'flights'"):
        operator.execute({})


def test_training_set_returns_a_reference() -> None:
    returned = training_set().execute({})
    assert returned["rows"] == {"train": 12, "evaluation": 12}
    assert set(returned) == {"uri", "digest", "rows", "dropped_without_label", "snapshot_id"}


def test_training_set_refuses_a_split_outside_the_interval() -> None:
    with pytest.raises(InvalidInterval, match="start < split < end"):
        training_set(split="2013-09-04").execute({})
