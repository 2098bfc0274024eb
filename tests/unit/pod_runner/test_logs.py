import asyncio
import threading
import time

from local.pod_runner.logs import LogOptions, read_log

LINES = b"2026-01-01T00:00:00.000000001Z one\n2099-01-01T00:00:00.000000001Z two\n"


def read(path, ended=lambda: True, **options):
    async def collect():
        return b"".join([chunk async for chunk in read_log(path, LogOptions(**options), ended)])

    return asyncio.run(collect())


def test_lines_with_and_without_their_time(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(LINES)
    assert read(log) == b"one\ntwo\n"
    assert read(log, timestamps=True) == LINES
    assert read(log, tail_lines=1) == b"two\n"
    assert read(log, tail_lines=0) == b""
    assert read(log, since_seconds=60) == b"two\n"
    assert read(log, limit_bytes=5) == b"one\nt"


def test_a_pod_that_wrote_nothing_has_an_empty_log(tmp_path):
    assert read(tmp_path / "none") == read(tmp_path / "none", follow=True) == b""


def test_following_reads_half_written_lines_once_they_are_whole(tmp_path):
    log = tmp_path / "log"
    done = threading.Event()

    def write():
        with log.open("ab", buffering=0) as file:
            for part in (b"t one\nt tw", b"o\n", b"t three\n"):
                file.write(part)
                time.sleep(0.15)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert read(log, done.is_set, follow=True) == b"one\ntwo\nthree\n"
    writer.join()
