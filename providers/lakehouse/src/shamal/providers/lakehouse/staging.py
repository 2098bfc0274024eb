"""Commits the Parquet files of one attempt to a branch of an Iceberg table."""

from __future__ import annotations

import fcntl
import logging
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shamal.providers.lakehouse.errors import InvalidRows, UnreadableFile
from shamal.providers.lakehouse.interval import Interval

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.table import Table

log = logging.getLogger(__name__)


@contextmanager
def attempt_folder(staging: Path, table: str, interval: Interval) -> Iterator[Path]:
    """Yield a fresh folder for one attempt, alone on the table, and remove it at the end.

    A second attempt on the same table waits for the first. What an attempt that was killed left behind is removed;
    the kernel frees its lock.
    """
    home = staging / table
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("Another attempt stages table %s; waiting until it ends", table)
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in (path for path in home.iterdir() if path.is_dir()):
            log.info("Removing %s, left behind by an earlier attempt", leftover)
            shutil.rmtree(leftover)
        folder = home / str(interval) / uuid.uuid4().hex
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder.parent)


def read_schema(files: Sequence[Path]) -> pa.Schema:
    """Return the schema that all the Parquet files share.

    :raises UnreadableFile: a file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = None
    for file in files:
        try:
            schema = schema or pq.read_schema(file)
        except (OSError, pa.ArrowInvalid) as error:
            raise UnreadableFile(f"{file} is no readable Parquet file: {error}. Run the job again.") from error
    return schema


def check_rows(files: Sequence[Path], interval: Interval, time_column: str) -> int:
    """Return how many rows the files hold, after checking that each lies in the interval.

    :raises InvalidRows: a row lies outside the interval (a second run would duplicate it) or has no time.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    times = pq.ParquetDataset(list(files)).read(columns=[time_column])[time_column]
    first, last = interval.bounds
    inside = pc.and_(pc.greater_equal(times, first), pc.less(times, last))
    outside = len(times) - (pc.sum(inside).as_py() or 0)
    if outside:
        raise InvalidRows(
            f"{outside} of {len(times)} rows have no {time_column} in [{interval.start}, {interval.end}) UTC. "
            f"`build` must return rows of the interval only: filter on {time_column} there."
        )
    return len(times)


def commit(table: Table, files: Sequence[Path], interval: Interval, time_column: str, branch: str) -> int:
    """Replace the interval on the branch by the files' rows and return the new snapshot id.

    The branch starts again at main's head, so that nothing of an earlier failed stage is left. Readers of main see
    no difference at any moment.
    """
    _reset_branch(table, branch)
    data = f"{table.location()}/data/{interval}"
    _remove_orphans(table, data)
    paths = _upload(table, files, f"{data}/{files[0].parent.parent.name}")
    with table.transaction() as transaction:
        if _has_rows(table, interval, time_column):
            transaction.delete(interval.filter(time_column), branch=branch)
        # The names are new (an attempt id), so a search through all manifests for duplicates would find nothing.
        transaction.add_files(paths, branch=branch, check_duplicate_files=False)
    snapshot = table.refresh().snapshot_by_name(branch)
    assert snapshot is not None  # noqa: S101 - for mypy: the transaction above created it
    return int(snapshot.snapshot_id)


def _reset_branch(table: Table, branch: str) -> None:
    if table.current_snapshot() is None:
        # Iceberg has no branches before a first snapshot of main.
        table.append(table.schema().as_arrow().empty_table())
    main = table.current_snapshot()
    table.manage_snapshots().create_branch(main.snapshot_id, branch).commit()


def _has_rows(table: Table, interval: Interval, time_column: str) -> bool:
    # A delete that matches nothing would add an empty snapshot.
    return bool(table.scan(interval.filter(time_column)).count())


def _upload(table: Table, files: Sequence[Path], folder: str) -> list[str]:
    paths = []
    for file in files:
        path = f"{folder}/{file.name}"
        with file.open("rb") as source, table.io.new_output(path).create(overwrite=True) as target:
            shutil.copyfileobj(source, target, 1 << 20)
        paths.append(path)
    return paths


def _remove_orphans(table: Table, folder: str) -> None:
    """Remove attempts whose files no snapshot refers to: their task died between upload and commit."""
    from pyarrow.fs import FileSelector, FileSystem, FileType

    filesystem, path = FileSystem.from_uri(folder)
    found = filesystem.get_file_info(FileSelector(path, allow_not_found=True))
    attempts = [info for info in found if info.type is FileType.Directory]
    if not attempts:
        return
    known = {file.split("/")[-2] for file in table.inspect.all_files()["file_path"].to_pylist()}
    for attempt in attempts:
        if attempt.base_name not in known:
            log.info("Removing %s: an attempt that never committed", attempt.path)
            filesystem.delete_dir(attempt.path)
