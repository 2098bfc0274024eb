"""Moves main: forward to a staged snapshot, or back to an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shamal.providers.lakehouse.errors import PublishConflict, SnapshotMissing

if TYPE_CHECKING:
    from pyiceberg.table import Table


def publish(table: Table, name: str, branch: str) -> dict[str, Any]:
    """Fast-forward main to the branch's head in one metadata swap; publishing twice changes nothing.

    :raises SnapshotMissing: nothing is staged on the branch.
    :raises PublishConflict: main moved since the rows were staged.
    """
    from pyiceberg.exceptions import CommitFailedException
    from pyiceberg.table.snapshots import ancestors_of

    staged, main = table.snapshot_by_name(branch), table.current_snapshot()
    if staged is None:
        raise SnapshotMissing(f"nothing is staged on branch {branch!r} of table {name}. Run the stage task again.")
    conflict = (
        f"main of table {name} moved since snapshot {staged.snapshot_id} was staged on {branch!r}; publishing it "
        f"would undo the newer rows. Run the stage task again: it starts from the new main."
    )
    if main is None or main.snapshot_id != staged.snapshot_id:
        lineage = {snapshot.snapshot_id for snapshot in ancestors_of(staged, table.metadata)}
        if main is not None and main.snapshot_id not in lineage:
            raise PublishConflict(conflict)
        try:
            table.manage_snapshots().set_current_snapshot(snapshot_id=staged.snapshot_id).commit()
        except CommitFailedException as error:
            raise PublishConflict(conflict) from error
    return _state(table, name)


def rollback(table: Table, name: str, snapshot_id: int, branch: str) -> dict[str, Any]:
    """Set main back to a snapshot it had before, and drop the branch, whose rows build on what is undone.

    :raises SnapshotMissing: main never was at that snapshot, or the snapshot has expired.
    """
    published = [entry.snapshot_id for entry in table.history()]
    if snapshot_id not in published or table.snapshot_by_id(snapshot_id) is None:
        recent = ", ".join(str(known) for known in dict.fromkeys(reversed(published))) or "none"
        raise SnapshotMissing(
            f"main of table {name} never was at snapshot {snapshot_id}. Newest first, it was at: {recent}."
        )
    if table.metadata.current_snapshot_id != snapshot_id:
        with table.manage_snapshots() as refs:
            refs.set_current_snapshot(snapshot_id=snapshot_id)
            if branch in table.refs():
                refs.remove_branch(branch)
    return _state(table, name)


def _state(table: Table, name: str) -> dict[str, Any]:
    current = table.refresh().current_snapshot()
    assert current is not None  # noqa: S101 - for mypy: both callers have just set it
    earlier = [entry.snapshot_id for entry in table.history() if entry.snapshot_id != current.snapshot_id]
    return {
        "table": name,
        "snapshot_id": current.snapshot_id,
        "previous_snapshot_id": earlier[-1] if earlier else None,
        "rows": int(current.summary["total-records"]) if current.summary else 0,
    }
