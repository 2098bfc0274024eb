from pathlib import Path
from typing import Any

from shamal.providers.mlflow.tracking import airflow_tags, digest, git_commit


def test_a_digest_depends_on_every_part_and_their_order() -> None:
    assert len({digest("a", "b"), digest("b", "a"), digest("ab"), digest("a")}) == 4


def test_the_tags_lead_back_to_the_task(context: Any) -> None:
    assert airflow_tags(context("manual__1"))["airflow.run_id"] == "manual__1"


def test_outside_a_checkout_there_is_no_commit(tmp_path: Path) -> None:
    assert git_commit(str(tmp_path)) is None
