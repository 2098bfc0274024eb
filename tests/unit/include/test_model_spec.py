import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.model_spec import MODELS, PROJECT, SCHEMA, load_model, schema
from include.spec.file import SpecError
from include.spec.gates import Gates

GOOD: dict[str, Any] = yaml.safe_load((MODELS / "flight_delays" / "model.yaml").read_text())


def folder(tmp_path: Path, spec: Any, name: str = "flight_delays") -> Path:
    (tmp_path / name).mkdir()
    (tmp_path / name / "model.yaml").write_text(
        spec if isinstance(spec, str) else yaml.safe_dump(spec, sort_keys=False)
    )
    return tmp_path


@pytest.mark.parametrize("name", sorted(path.parent.name for path in MODELS.glob("*/model.yaml")))
def test_every_bundled_model_is_valid(name: str) -> None:
    assert load_model(name).name == name


def test_the_committed_schema_is_up_to_date() -> None:
    assert SCHEMA.read_text() == schema(), "run: python -m include.model_spec"


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "", "A", "a b", "x;rm", "a\n", "a" * 64, "-rf", "%2e"])
def test_a_model_name_with_other_characters_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match="lower-case letters, digits and underscores"):
        load_model(name)


def test_an_unknown_model_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(SpecError, match=r"Did you mean flight_delays\?"):
        load_model("flight_delay")


def change(path: str, value: Any) -> dict[str, Any]:
    spec = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = spec
    for step in parents:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return spec


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("ownr", "x", r"ownr: unknown field\. Did you mean owner\?"),
        ("source.file", {}, r"source\.file: unknown field\. Did you mean files\?"),
        ("owner", ..., "owner: required field is missing"),
        ("classification", "secret", "classification: 'secret'"),
        ("residency", "uae", "residency: 'uae'"),
        ("source.location", "../data", r"source\.location: '\.\./data'"),
        ("source.files", {"../x.csv": "0" * 64}, r"source\.files"),
        ("source.last_day", "2012-01-01", "last_day 2012-01-01 is before first_day"),
        ("contract.max_quarantined", 1.5, r"contract\.max_quarantined: 1\.5"),
        ("contract.max_quarantined", float("nan"), r"contract\.max_quarantined"),
        ("gates", {}, "gates"),
        ("gates.max_logloss", 0.6, r"gates\.max_logloss: unknown field\. Did you mean max_log_loss\?"),
        ("rollout.step", [], r"rollout\.step: unknown field\. Did you mean steps\?"),
        ("rollout.steps", [{"share": 0.1, "second": 1}], r"rollout\.steps\.0\.second: unknown field\. Did you mean"),
        ("rollout.limits.slow_ms", 7, r"rollout\.limits\.slow_ms: 7"),
        ("serving", {"instance": 1}, r"serving\.instance: unknown field\. Did you mean instances\?"),
        ("label", GOOD["features"]["numerical"][0], "the model would see the answer"),
        ("features.service", "a-b", r"features\.service: 'a-b'"),
        ("training.evaluation_days", 0, r"training\.evaluation_days: 0"),
        ("name", "other", "name is other, but the folder is flight_delays"),
        ("approvers", "approver", "approvers: 'approver'"),
    ],
)
def test_a_wrong_field_is_named_with_file_and_line(tmp_path: Path, path: str, value: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        load_model("flight_delays", folder(tmp_path, change(path, value)))
    assert "model.yaml:" in str(caught.value)


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ({"min_r2": 0.6}, r"model\.yaml:\d+: gates: gate 'min_r2' is unknown for binary_classification"),
        (
            {"min_roc_auc": 0.6, "fairness": {"columns": ["gender"], "metric": "roc_auc", "min_rows": 9, "max_gap": 1}},
            "gates: gender: no such feature",
        ),
    ],
)
def test_gates_that_nothing_measures_are_refused_with_file_and_line(gates: dict[str, Any], message: str) -> None:
    spec = load_model("flight_delays").model_copy(update={"gates": Gates.model_validate(gates)})
    with pytest.raises(SpecError, match=message):
        spec.check_gates()


def test_loading_a_spec_imports_no_airflow() -> None:
    code = "import sys; from include.model_spec import load_model; load_model('flight_delays'); "
    code += "print('airflow' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert found.stdout.strip() == "False"


def test_every_wrong_field_is_reported_at_once(tmp_path: Path) -> None:
    spec = change("ownr", "x") | {"task": "magic"}
    with pytest.raises(SpecError) as caught:
        load_model("flight_delays", folder(tmp_path, spec))
    assert "ownr" in str(caught.value)
    assert "task" in str(caught.value)


def test_features_come_in_the_order_of_the_spec() -> None:
    features = load_model("flight_delays").features
    assert features.columns == [*GOOD["features"]["numerical"], *GOOD["features"]["categorical"]]
