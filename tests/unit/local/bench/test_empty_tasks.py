from typing import Any

import pytest

from local.bench.empty_tasks import makespan
from local.bench.result import CannotMeasure


class Airflow:
    def __init__(self, state: str) -> None:
        self.state = state

    def trigger(self, dag_id: str, note: str) -> str:
        return f"manual__{dag_id}"

    def wait(self, _dag_id: str, _run_id: str, _timeout: float) -> str:
        return self.state

    def run(self, _dag_id: str, _run_id: str) -> dict[str, Any]:
        return {"queued_at": "2026-11-22T00:00:00.500000Z", "end_date": "2026-11-22T00:00:03.400000Z"}


def test_a_makespan_is_airflows_own_from_trigger_to_end() -> None:
    assert makespan(Airflow("success"), "bench_empty_tasks") == pytest.approx(2.9)  # type: ignore[arg-type]


def test_a_failed_run_is_no_measurement() -> None:
    with pytest.raises(CannotMeasure, match="bench_empty_tasks manual__bench_empty_tasks on the test stack: failed"):
        makespan(Airflow("failed"), "bench_empty_tasks")  # type: ignore[arg-type]
