"""What Airflow costs on top of the work: the orchestration tax."""

from local.bench import process
from local.bench.context import Bench
from local.bench.life import DAYS, Life
from local.bench.result import Value

BUDGET_RATIO = 1.15
# The budget is meant for work of this model's size; a small model's steps are shorter than the pauses between them.
BUDGETED = "flight_delays"


def measure(bench: Bench) -> list[Value]:
    """Return the makespan of a model's four DAGs, and its ratio to the same steps one after another in one process.

    Airflow: ingest is triggered, train and release start by their Assets, an approval is given as soon as it is asked,
    then monitor is triggered; from the first trigger to the end of release plus from the second trigger to the end of
    monitor, by Airflow's own clock. One process: local/bench/one_process.py, imports included. The predictions that
    monitor looks at are asked for in between and count for neither.
    """
    days = DAYS[bench.model]
    orchestrated = Life(bench).run()
    arguments = (bench.model, days.first, days.watched.last, days.watched.night)
    alone = process.run("local.bench.one_process", *arguments, environment=bench.stack.environment)["seconds"]
    budget = BUDGET_RATIO if bench.model == BUDGETED else None
    return [
        Value(f"{bench.model}: four DAGs", orchestrated, "s"),
        Value(f"{bench.model}: the same steps in one process", alone, "s"),
        Value(f"orchestration tax, {bench.model}", orchestrated / alone, "x", budget),
    ]
