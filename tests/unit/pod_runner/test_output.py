import os

from local.pod_runner import output
from local.pod_runner.output import Output


def copied(tmp_path, *chunks):
    read_end, write_end = os.pipe()
    made = Output(read_end, tmp_path / "log")
    for chunk in chunks:
        os.write(write_end, chunk)
        made.pump(timeout=1)
    os.close(write_end)
    made.drain(limit=2)
    return [line.split(b" ", 1) for line in (tmp_path / "log").read_bytes().splitlines()]


def test_each_line_gets_its_time(tmp_path):
    lines = copied(tmp_path, b"one\ntw", b"o\n\nthree")
    assert [line[1] for line in lines] == [b"one", b"two", b"", b"three"]
    assert all(len(line[0]) == 30 for line in lines)
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0


def test_a_log_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(output, "LARGEST_LOG", 100)
    lines = copied(tmp_path, *[b"x" * 30 + b"\n"] * 6)
    assert len(lines) == 2
    assert lines[-1][1].endswith(b"further output is dropped")


def test_a_line_without_end_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(output, "LONGEST_LINE", 10)
    assert [line[1] for line in copied(tmp_path, b"x" * 10, b"y\n")] == [b"x" * 10, b"y"]
