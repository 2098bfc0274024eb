import json
import os
from datetime import UTC, datetime

import pytest

from shamal.providers.triton.canary import labels
from shamal.providers.triton.canary.plan import Limits
from shamal.providers.triton.canary.sequential import Sum
from shamal.providers.triton.errors import InvalidDeployment

NOW = 1_800_000_000.0


@pytest.fixture
def write(tmp_path):
    def write(name, rows, modified=NOW + 5):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        os.utime(path, (modified, modified))

    return write


def prediction(entity, version, score, group=1.0, at=NOW + 1):
    time = datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
    return {"time": time, "entity_id": entity, "version": version, "score": score, "features": [0.5, group]}


def label(entity, value):
    return {"entity_id": entity, "label": value}


def test_predictions_meet_their_labels(tmp_path, write):
    write("1.jsonl", [prediction("a", 1, 0.9), prediction("b", 2, 0.2), prediction("c", 2, 0.8, group=2.0)])
    write("2.jsonl", [prediction("unlabelled", 2, 0.2), prediction("d", 2, None), prediction(None, 2, 0.1)])
    write("labels/x.jsonl", [label("a", 1), label("b", 1), label("c", 1), label("d", 0)])
    found = labels.read(tmp_path, NOW, 2, Limits(group_feature=1))
    assert found.versions == {1: Sum(1, 0.0), 2: Sum(2, 1.0)}
    assert found.groups == {"1.0": Sum(1, 1.0), "2.0": Sum(1, 0.0)}


def test_a_repeated_question_is_no_new_evidence(tmp_path, write):
    write("1.jsonl", [prediction("a", 2, 0.9), prediction("a", 2, 0.1), prediction("a", 1, 0.1)])
    write("labels/x.jsonl", [label("a", 1)])
    assert labels.read(tmp_path, NOW, 2, Limits()).versions == {2: Sum(1, 0.0), 1: Sum(1, 1.0)}


def test_predictions_before_the_canary_and_open_files_do_not_count(tmp_path, write):
    write("old.jsonl", [prediction("a", 2, 0.9)], modified=NOW - 1)
    write("straddling.jsonl", [prediction("a", 2, 0.9, at=NOW - 1)])
    write("now.jsonl.open", [prediction("a", 2, 0.9)])
    write("labels/x.jsonl", [label("a", 1)])
    write("labels/y.jsonl.open", [label("a", 1)])
    assert labels.read(tmp_path, NOW, 2, Limits()).versions == {}


def test_a_regression_loses_its_scaled_squared_error(tmp_path, write):
    write("1.jsonl", [prediction("a", 2, 21.0), prediction("b", 2, 99.0)])
    write("labels/x.jsonl", [label("a", 20.0), label("b", 20.0)])
    assert labels.read(tmp_path, NOW, 2, Limits(label_scale=10.0)).versions == {2: Sum(2, 1.01)}


def test_without_labels_no_prediction_is_read(tmp_path, write):
    write("1.jsonl", ["not a prediction"])
    assert labels.read(tmp_path, NOW, 2, Limits()).versions == {}


@pytest.mark.parametrize("line", ["{", "[]", '{"entity_id": "a"}', '{"entity_id": "a", "label": "late"}'])
def test_a_label_that_is_none_is_named_with_its_line(tmp_path, write, line):
    write("labels/x.jsonl", [label("a", 1)])
    path = tmp_path / "labels" / "x.jsonl"
    path.write_text(path.read_text() + line + "\n")
    os.utime(path, (NOW + 5, NOW + 5))
    with pytest.raises(InvalidDeployment, match=r"x\.jsonl:2: .*repair or remove the file"):
        labels.read(tmp_path, NOW, 2, Limits())
