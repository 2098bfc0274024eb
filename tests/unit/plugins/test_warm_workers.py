import importlib.util
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

PLUGIN = Path(__file__).parents[3] / "plugins" / "warm_workers.py"


class Job:
    """Named like the component that Airflow hands to listeners in a scheduler."""


class TaskRunnerMarker:
    """The component of a task."""


@pytest.fixture
def plugin(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("warm_workers", PLUGIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("SHAMAL_STATE", str(tmp_path))
    monkeypatch.delenv("SHAMAL_WARM_WORKERS", raising=False)
    monkeypatch.setattr(module.sys, "argv", ["airflow", "scheduler"])
    monkeypatch.setattr(module, "MODULES", ("json", "no_such_library.module"))
    return module


def marker(tmp_path):
    file = tmp_path / "airflow" / "warm_workers.json"
    return json.loads(file.read_text()) if file.exists() else None


def test_preloads_in_the_scheduler_what_is_installed(plugin, tmp_path):
    plugin.WarmWorkers().on_starting(Job())

    facts = marker(tmp_path)
    assert facts["modules"] == ["json"]
    assert facts["pid"] == os.getpid()
    assert facts["threads"] >= 1
    assert set(facts) == {"pid", "seconds", "rss", "modules", "threads"}


@pytest.mark.parametrize(
    ("component", "argv"),
    [(TaskRunnerMarker(), "scheduler"), (Job(), "triggerer"), (Job(), "dag-processor"), (None, "api-server")],
)
def test_does_nothing_in_other_processes(plugin, tmp_path, monkeypatch, component, argv):
    monkeypatch.setattr(plugin.sys, "argv", ["airflow", argv])

    plugin.WarmWorkers().on_starting(component)

    assert marker(tmp_path) is None


def test_can_be_switched_off(plugin, tmp_path, monkeypatch):
    monkeypatch.setenv("SHAMAL_WARM_WORKERS", "false")

    plugin.WarmWorkers().on_starting(Job())

    assert marker(tmp_path) is None


def test_a_library_that_starts_a_thread_makes_the_scheduler_start_again_without(plugin, tmp_path, monkeypatch, caplog):
    counts = iter([["airflow"], ["airflow", "poll"]])
    started = []
    monkeypatch.setattr(plugin, "threads", lambda: next(counts))
    monkeypatch.setattr(
        plugin, "os", SimpleNamespace(environ=os.environ, getpid=os.getpid, execv=lambda *a: started.append(a))
    )

    plugin.WarmWorkers().on_starting(Job())

    ((program, arguments),) = started
    assert arguments[0] == program
    assert os.environ["SHAMAL_WARM_WORKERS"] == "false"
    assert marker(tmp_path)["threads"] == 2
    assert "poll" in caplog.text
    assert "OPENBLAS_NUM_THREADS" in caplog.text


def test_an_installed_library_that_fails_to_import_is_left_out(plugin, monkeypatch, caplog):
    monkeypatch.setattr(plugin, "MODULES", ("json.no_such_part",))

    assert plugin.preload() == []
    assert "json.no_such_part" in caplog.text
