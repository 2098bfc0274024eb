from pathlib import Path

import pytest

from include.spec.file import SpecError, SpecFile


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "model.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_field_knows_its_line(tmp_path: Path) -> None:
    file = SpecFile(write(tmp_path, "name: a\nsource:\n  files:\n    x.csv: 1\n    y.csv: 2\n"))
    assert file.data["source"]["files"] == {"x.csv": 1, "y.csv": 2}
    assert file.line(("source", "files", "y.csv")) == 5


def test_a_missing_field_points_at_its_parent(tmp_path: Path) -> None:
    file = SpecFile(write(tmp_path, "name: a\nsource:\n  location: b\n"))
    assert file.line(("source", "files")) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a mapping"),
        ("- a\n- b\n", "expected a mapping"),
        ("a: 1\na: 2\n", "model.yaml:2: a is given twice"),
        ("a: &x [1]\nb: *x\n", "aliases are not allowed"),
        ("a: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
        ("a: [1\n", "not valid YAML"),
        ("\tb: 1\n", "not valid YAML"),
        (b"\xff\xfea\x00", "not UTF-8"),
        ("a: " + "[" * 2000, "not valid YAML"),
        ("a: " + "x" * 70_000, "at most 65536"),
    ],
)
def test_a_hostile_or_broken_file_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        SpecFile(write(tmp_path, text))


def test_an_alias_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    with pytest.raises(SpecError, match="aliases are not allowed"):
        SpecFile(write(tmp_path, "\n".join(lines)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"nowhere\.yaml: cannot be read"):
        SpecFile(tmp_path / "nowhere.yaml")
