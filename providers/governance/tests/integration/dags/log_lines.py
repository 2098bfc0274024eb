"""Every way in which a line gets into a task's log, for test_log_tags.py."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, dag, task
from airflow.triggers.base import BaseTrigger, TriggerEvent

print("printed while the DAG file is parsed")


class LoggingTrigger(BaseTrigger):
    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "log_lines.LoggingTrigger", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        logging.getLogger("my.trigger").info("from the trigger")
        await asyncio.sleep(0.1)
        yield TriggerEvent("done")


class Defer(BaseOperator):
    def execute(self, context: Any) -> None:
        print("before deferral")
        self.defer(trigger=LoggingTrigger(), method_name="resume")

    def resume(self, context: Any, event: Any) -> None:
        print("after deferral")


@dag(
    schedule=None,
    default_args={
        "owner": "risk",
        "retries": 1,
        "retry_delay": timedelta(seconds=0),
        "execution_timeout": timedelta(minutes=1),
    },
    tags=["model:probe", "classification:confidential", "residency:AE"],
    doc_md="Writes log lines.",
)
def log_lines():
    @task
    def lines():
        print("printed")
        logging.getLogger("my.std").info("logged", extra={"actor": "forged"})
        subprocess.run([sys.executable, "-c", "print('from a child process')"], check=True)
        thread = threading.Thread(target=lambda: logging.getLogger("my.thread").info("from a thread"))
        thread.start()
        thread.join()

    @task
    def fails():
        raise ValueError("failed on purpose")

    @task
    def dies():
        os.kill(os.getpid(), signal.SIGKILL)

    lines()
    fails()
    dies()
    Defer(task_id="defers")


log_lines()
