import json

import pytest

from shamal.providers.triton.canary import observations
from shamal.providers.triton.canary.observations import START, Counts


@pytest.fixture
def path(tmp_path):
    return tmp_path / "observations.ndjson"


def write(path, *numbers):
    with path.open("a") as file:
        file.writelines(json.dumps({"version": number}) + "\n" for number in numbers)


def numbers(lines):
    return [line["version"] for line in lines]


def test_only_what_is_new_is_read(path):
    write(path, 1)
    position = observations.end(path)
    assert observations.read(path, position) == ([], position)
    write(path, 2, 3)
    lines, position = observations.read(path, position)
    assert numbers(lines) == [2, 3]
    assert observations.read(path, position)[0] == []


def test_a_line_that_is_being_written_is_left_for_later(path):
    path.write_text('{"version": 1}\n{"vers')
    lines, position = observations.read(path, START)
    assert numbers(lines) == [1]
    with path.open("a") as file:
        file.write('ion": 2}\n')
    assert numbers(observations.read(path, position)[0]) == [2]


def test_a_rotation_loses_and_repeats_nothing(path):
    write(path, 1)
    _, position = observations.read(path, START)
    write(path, 2)
    path.rename(path.with_name("observations.ndjson.1"))
    lines, position = observations.read(path, position)
    assert numbers(lines) == [2]
    write(path, 3)
    lines, position = observations.read(path, position)
    assert numbers(lines) == [3]
    assert observations.read(path, position)[0] == []


def test_a_file_that_does_not_exist_yet_is_read_from_its_first_line(path):
    position = observations.end(path)
    assert observations.read(path, position) == ([], START)
    write(path, 1)
    assert numbers(observations.read(path, position)[0]) == [1]


def test_slow_is_what_is_above_the_edge():
    counts = Counts()
    line = {
        "requests": 10,
        "errors": 1,
        "compared": 5,
        "disagreed": 2,
        "latency_ms": {"20": 4, "50": 3, "100": 2, "inf": 1},
    }
    counts.add(line, 50)
    counts.add(line, 20)
    assert counts == Counts(requests=20, errors=2, slow=9, compared=10, disagreed=4)
