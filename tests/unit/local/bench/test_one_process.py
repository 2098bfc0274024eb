from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk import DAG, Asset, BaseOperator, TriggerRule, chain, task
from airflow.sdk.bases.operator import ExecutorSafeguard
from airflow.sdk.exceptions import AirflowSkipException

from local.bench.one_process import run


class Say(BaseOperator):
    template_fields = ("text",)

    def __init__(self, text: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.text = text

    def execute(self, context: Any) -> str:
        said.append(self.text)
        return self.text


said: list[str] = []


@pytest.fixture(autouse=True)
def outside_of_the_task_runner(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ExecutorSafeguard, "test_mode", True)
    said.clear()
    return


def test_tasks_get_their_rendered_arguments_and_each_others_results() -> None:
    with DAG("life", schedule=None) as dag:

        @task
        def first(params: Any = None) -> str:
            return str(params["night"])

        @task.short_circuit
        def due(dag_run: Any = None, triggering_asset_events: Any = None) -> bool:
            assert triggering_asset_events[Asset("drift")] == []
            assert dag_run.triggering_user_name is None
            return bool(dag_run.run_type == "manual")

        chain(first(), due(), Say(task_id="say", text="{{ ti.xcom_pull('first') }} of {{ task.dag_id }}"))
    assert list(run(dag, {"night": "2013-04-01"})) == ["life.first", "life.due", "life.say"]
    assert said == ["2013-04-01 of life"]


def test_tasks_remember_what_they_tell_an_asset() -> None:
    candidate = Asset("candidate")
    with DAG("life", schedule=None) as dag:

        @task
        def remember(asset_state_store: Any = None) -> str:
            assert asset_state_store[candidate].get("digest") is None
            asset_state_store[candidate].set("digest", "abc")
            return str(asset_state_store[candidate].get("digest"))

        remember() >> Say(task_id="say", text="{{ ti.xcom_pull('remember') }}")
    run(dag, {})
    assert said == ["abc"]


def test_a_skipped_task_is_no_failure_and_the_cleanup_of_failures_does_not_run() -> None:
    with DAG("life", schedule=None) as dag:

        @task
        def announce() -> None:
            raise AirflowSkipException

        announce() >> Say(task_id="rollback", text="back", trigger_rule=TriggerRule.ONE_FAILED)
    run(dag, {})
    assert said == []


def test_steps_that_would_be_skipped_are_not_compared() -> None:
    with DAG("life", schedule=None) as dag:

        @task.short_circuit
        def news() -> bool:
            return False

        news()
    with pytest.raises(RuntimeError, match="news says that there is nothing to do"):
        run(dag, {})
