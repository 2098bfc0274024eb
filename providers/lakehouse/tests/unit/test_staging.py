import threading
from pathlib import Path

import pytest

from shamal.providers.lakehouse.errors import UnreadableFile
from shamal.providers.lakehouse.interval import Interval
from shamal.providers.lakehouse.staging import attempt_folder, read_schema

DAY = Interval.parse("2013-01-01", "2013-01-02")


def test_an_attempt_removes_what_an_earlier_one_left(tmp_path: Path) -> None:
    (tmp_path / "m.t" / "2013-01-01_2013-01-02" / "dead").mkdir(parents=True)
    with attempt_folder(tmp_path, "m.t", DAY) as folder:
        assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert [path.name for path in (tmp_path / "m.t").iterdir()] == [".lock"]


def test_a_second_attempt_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with attempt_folder(tmp_path, "m.t", DAY):
            order.append("second")

    with attempt_folder(tmp_path, "m.t", DAY) as folder:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        assert folder.is_dir()
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "part-0.parquet"
    file.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(UnreadableFile, match=r"part-0\.parquet"):
        read_schema([file])
