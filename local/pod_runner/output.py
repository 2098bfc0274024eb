"""A pod's output: from its pipe to a log file with a timestamp before each line."""

import os
import select
import time
from datetime import UTC, datetime
from pathlib import Path

LONGEST_LINE = 64 * 1024
LARGEST_LOG = 256 * 1024 * 1024


class Output:
    """Copies a pipe into a log file, line by line.

    :param pipe: the read end; the pod's process holds the other.
    :param log: the file, appended to.
    """

    def __init__(self, pipe: int, log: Path) -> None:
        self._pipe, self._partial, self._open = pipe, b"", True
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._log = os.fdopen(descriptor, "ab", buffering=0)
        self._size = log.stat().st_size

    def pump(self, timeout: float) -> bool:
        """Copy what the process wrote; say whether it may write more.

        :param timeout: seconds to wait for it to write.
        """
        if not self._open:
            time.sleep(timeout)
            return False
        if not select.select([self._pipe], [], [], timeout)[0]:
            return True
        chunk = os.read(self._pipe, LONGEST_LINE)
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        if self._partial and (not chunk or len(self._partial) >= LONGEST_LINE):
            lines.append(self._partial)
            self._partial = b""
        self._write(lines)
        self._open = bool(chunk)
        return self._open

    def drain(self, limit: float) -> None:
        """Copy until every writer has closed the pipe, for at most `limit` seconds."""
        end = time.monotonic() + limit
        while time.monotonic() < end and self.pump(timeout=0.1):
            pass

    def _write(self, lines: list[bytes]) -> None:
        if not lines or self._size > LARGEST_LOG:
            return
        stamp = _timestamp().encode()
        data = b"".join(b"%s %s\n" % (stamp, line) for line in lines)
        self._size += len(data)
        if self._size > LARGEST_LOG:
            data = b"%s the log has reached %d bytes; further output is dropped\n" % (stamp, LARGEST_LOG)
        self._log.write(data)


def _timestamp() -> str:
    """Return the time as RFC 3339 in UTC with nanoseconds."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"
