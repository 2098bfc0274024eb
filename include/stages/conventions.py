"""What the four DAGs of every model have in common: owner, tags, runbook, retries, and where artefacts go."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param

from include.model_spec import ModelSpec

RUN_FOLDER = "{{ run_id | replace(':', '') | replace('+', '_') }}"
"""Template of a run's folder name: the run id without the characters that paths and object stores dislike."""


def dag_arguments(model: ModelSpec, stage: str, what_it_does: str) -> dict[str, Any]:
    """Return the DAG arguments that every stage of `model` shares.

    Retries outlive an outage of the API server or of a backing service: five attempts, 30 s apart and doubling.

    :param stage: the DAG's last name: ingest, train, release or monitor.
    :param what_it_does: the stage's docstring, shown in the web UI above the model's runbook.
    """
    return {
        "dag_id": f"{model.name}_{stage}",
        "dag_display_name": f"{model.name} · {stage}",
        "description": model.title,
        "doc_md": f"{what_it_does}\n\n---\n\n{model.runbook}",
        "catchup": False,
        "max_active_runs": 1,
        "tags": {
            f"model:{model.name}",
            f"stage:{stage}",
            f"classification:{model.classification}",
            f"residency:{model.residency}",
        },
        "default_args": {
            "owner": model.owner,
            "retries": 5,
            "retry_delay": timedelta(seconds=30),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(minutes=10),
            "execution_timeout": timedelta(hours=1),
        },
    }


def artifacts(model: ModelSpec, stage: str) -> str:
    """Return the template of the folder in which one run of a stage keeps what it makes."""
    return f"{{{{ var.value.artifact_root }}}}/{model.name}/{stage}/{RUN_FOLDER}"


def day_param(title: str, description: str) -> Param:
    """Return an optional date field for the trigger form; empty means: decide by the schedule."""
    return Param(None, type=["null", "string"], format="date", title=title, description_md=description)
