"""The steps of a model's four DAGs without Airflow around them.

`python -m local.bench.one_process <model> <first day> <last day> <night>` runs every task's own `execute` with the
same arguments, one after another in this process: no scheduler, no worker, no API, no pod, imports once. Left out are
the person who approves and the rollback of a failed release.
"""

import time

BEGAN = time.monotonic()

import json  # noqa: E402 - the clock runs from before the imports
import sys  # noqa: E402
from collections import defaultdict  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from pathlib import Path  # noqa: E402
from types import SimpleNamespace  # noqa: E402
from typing import Any  # noqa: E402

from airflow.providers.standard.operators.hitl import ApprovalOperator  # noqa: E402
from airflow.sdk import DAG, TriggerRule  # noqa: E402
from airflow.sdk.bases.operator import ExecutorSafeguard  # noqa: E402
from airflow.sdk.exceptions import AirflowSkipException  # noqa: E402
from airflow.sdk.execution_time.context import (  # noqa: E402
    ConnectionAccessor,
    OutletEventAccessors,
    VariableAccessor,
)

from include.model_spec import load_model  # noqa: E402
from include.stages import ingest, monitor, release, train  # noqa: E402
from shamal.providers.pytorch.compute import Compute  # noqa: E402
from shamal.providers.pytorch.operators.train import TorchTrainOperator  # noqa: E402


class StateStore(dict[str, Any]):
    """What tasks remember of an Asset, as far as they use it."""

    set = dict.__setitem__


def run(dag: DAG, params: dict[str, Any]) -> dict[str, float]:
    """Run the DAG's tasks in order and return the seconds of each."""
    run_id = f"bench__{datetime.now(UTC):%Y%m%dT%H%M%S}"
    results: dict[str, Any] = {}
    seconds = {}
    context = {
        "dag": dag,
        "params": params,
        "run_id": run_id,
        "dag_run": SimpleNamespace(
            run_id=run_id, run_type="manual", run_after=datetime.now(UTC), triggering_user_name=None
        ),
        "triggering_asset_events": defaultdict(list),
        "asset_state_store": defaultdict(StateStore),
        "outlet_events": OutletEventAccessors(),
        "var": {"value": VariableAccessor(deserialize_json=False)},
        "conn": ConnectionAccessor(),
    }
    for task in dag.topological_sort():  # type: ignore[no-untyped-call]
        if isinstance(task, ApprovalOperator) or task.trigger_rule != TriggerRule.ALL_SUCCESS:
            continue
        began = time.monotonic()
        context |= {"task": task, "ti": _task_instance(dag.dag_id, run_id, task.task_id, results)}
        task.render_template_fields(context)
        try:
            results[task.task_id] = _execute(task, context)
        except AirflowSkipException:
            results[task.task_id] = None
        seconds[f"{dag.dag_id}.{task.task_id}"] = round(time.monotonic() - began, 2)
    return seconds


def _task_instance(dag_id: str, run_id: str, task_id: str, results: dict[str, Any]) -> Any:
    return SimpleNamespace(dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=-1, xcom_pull=results.__getitem__)


def _execute(task: Any, context: dict[str, Any]) -> Any:
    if isinstance(task, TorchTrainOperator):
        return _train(task)
    result = task.execute(context)
    if result is False:
        raise RuntimeError(f"{task.task_id} says that there is nothing to do, so there is nothing to compare")
    return result


def _train(task: TorchTrainOperator) -> dict[str, Any]:
    """Call what the pod runs, with as many threads as the pod has."""
    import torch

    from shamal.providers.pytorch.train.__main__ import train as train_model

    torch.set_num_threads(Compute.parse(task.compute).threads)
    return train_model(Path(task.model_file), Path(task.training_set), Path(task.output_folder), task.config)


def main(name: str, first: str, last: str, night: str) -> None:
    """Run the four stages and print {"seconds", "tasks": {task: seconds}} as JSON."""
    # Operators refuse to run outside of Airflow's task runner, which is what this measurement is about.
    ExecutorSafeguard.test_mode = True
    model = load_model(name)
    tasks = run(ingest.dag(model), {"start_date": first, "end_date": last})
    tasks |= run(train.dag(model), {"start_date": None, "evaluation_date": None, "end_date": None})
    tasks |= run(release.dag(model), {"version": None})
    tasks |= run(monitor.dag(model), {"night": night})
    print(json.dumps({"seconds": time.monotonic() - BEGAN, "tasks": tasks}))


if __name__ == "__main__":
    main(*sys.argv[1:])
