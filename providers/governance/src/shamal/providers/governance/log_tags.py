"""Says on every line of a task's log whose it is: run, actor, model, classification, trace.

A log line reaches the file through the supervisor of the task, also when it was printed, came from a thread or a child
process, or tells that the task died. There, and only there, every line can be tagged; and a task cannot forge a tag.
"""

import hashlib
import re
import sys
from typing import TYPE_CHECKING, Any

import httpx

from shamal.providers.governance import dag_tags

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from airflow.sdk.execution_time.supervisor import WatchedSubprocess

# `[logging] log_filename_template` of Airflow; a trigger adds `.trigger.<job>.log`.
_LOG_PATH = re.compile(
    r"dag_id=(?P<dag_id>[^/]+)/run_id=(?P<run_id>[^/]+)/task_id=(?P<task_id>[^/]+)/(?:map_index=\d+/)?"
    r"attempt=(?P<try_number>\d+)\.log"
)
# Runs that no person started.
_ACTORS = {"scheduled": "scheduler", "asset_triggered": "asset"}
_UNKNOWN = "unknown"


class TaggedTaskLog:
    """Airflow's hook into the writing of task logs; it tags the lines and leaves the files where they are."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, Any]] = {}

    @property
    def processors(self) -> tuple[Any, ...]:
        """The structlog processors that Airflow runs on each line just before it is written."""
        return (self.tag,)

    def upload(self, path: str, ti: Any = None) -> None:
        """Forget the tags of a finished attempt; a supervisor lives on and serves many."""
        for name in [name for name in self._tags if name.endswith(path)]:
            del self._tags[name]

    def read(self, relative_path: str, ti: Any) -> tuple[list[str], None]:
        """Return nothing: Airflow reads the local file."""
        return [], None

    def tag(self, logger: Any, method: str, event: "MutableMapping[str, Any]") -> "MutableMapping[str, Any]":
        """Add the tags to a line of a task's log; lines of other logs stay as they are."""
        path = getattr(getattr(logger, "_file", None), "name", None)
        if isinstance(path, str) and (found := _LOG_PATH.search(path)):
            if path not in self._tags:
                ids = found.groupdict() | {"try_number": int(found["try_number"])}
                self._tags[path] = ids | _look_up(path, found["dag_id"], found["run_id"])
            event.update(self._tags[path])
        return event


def _look_up(path: str, dag_id: str, run_id: str) -> dict[str, str]:
    """Ask the Execution API, through the supervisor that is writing this line, about the run and its DAG."""
    tags = {
        "actor": _UNKNOWN,
        "model": _UNKNOWN,
        "classification": _UNKNOWN,
        "trace_id": hashlib.sha256(f"{dag_id}/{run_id}".encode()).hexdigest()[:32],
    }
    supervisor: Any = _writing_supervisor()
    if supervisor is None:
        return tags
    if trace_id := _trace_id(supervisor, path):
        tags["trace_id"] = trace_id
    try:
        run = supervisor.client.dag_runs.get_detail(dag_id, run_id)
        of_dag = supervisor.client.dags.get(dag_id).tags
    except httpx.HTTPError:  # a line without its actor is worth more than no line
        return tags
    run_type = str(getattr(run.run_type, "value", run.run_type))
    return tags | {
        "actor": run.triggering_user_name or _ACTORS.get(run_type, run_type),
        "model": dag_tags.value(of_dag, "model"),
        "classification": dag_tags.value(of_dag, "classification"),
    }


def _writing_supervisor() -> "WatchedSubprocess | None":
    """Return the supervisor whose method is writing; a structlog processor is given only its logger."""
    from airflow.sdk.execution_time.supervisor import WatchedSubprocess

    frame = sys._getframe(1)
    while frame is not None:
        if isinstance(candidate := frame.f_locals.get("self"), WatchedSubprocess):
            return candidate
        frame = frame.f_back  # type: ignore[assignment]
    return None


def _trace_id(supervisor: Any, path: str) -> str | None:
    """Return the OpenTelemetry trace of the run from the task instance that this supervisor, or trigger, serves."""
    task_instance = getattr(supervisor, "ti", None)
    for trigger in getattr(supervisor, "logger_cache", {}).values():
        if path.endswith(trigger.log_path):
            task_instance = trigger.ti
    carrier = getattr(task_instance, "context_carrier", None) or {}
    parts = carrier.get("traceparent", "").split("-")
    return parts[1] if len(parts) == 4 else None
