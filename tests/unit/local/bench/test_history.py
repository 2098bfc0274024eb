import json
from pathlib import Path

import pytest

from local.bench import history
from local.bench.result import Value

VALUES = [Value("tax", 1.1, "x", 1.15)]


def test_a_run_is_kept_with_machine_commit_values_and_reasons(tmp_path: Path) -> None:
    assert history.add(tmp_path / "bench.json", VALUES, {"demo": "run `make demo` first"}) == {}
    (run,) = json.loads((tmp_path / "bench.json").read_text())["runs"]
    assert set(run["machine"]) == {"cores", "gib"}
    assert run["values"] == {"tax": {"value": 1.1, "unit": "x", "budget": 1.15, "within": True}}
    assert run["not_measured"] == {"demo": "run `make demo` first"}
    assert {"time", "commit"} <= set(run)


def test_the_newest_twenty_are_kept_newest_last(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    for number in range(22):
        before = history.add(file, [Value("tax", number, "x")], {})
    runs = json.loads(file.read_text())["runs"]
    assert [run["values"]["tax"]["value"] for run in runs] == list(range(2, 22))
    assert before == {"tax": 20}


def test_the_last_earlier_figure_counts_even_when_runs_between_did_not_measure_it(tmp_path: Path) -> None:
    for values in (VALUES, [], [Value("demo", 400, "s")]):
        history.add(tmp_path / "bench.json", values, {})
    assert history.add(tmp_path / "bench.json", [], {}) == {"tax": 1.1, "demo": 400}


def test_another_machine_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "bench.json"
    history.add(file, VALUES, {})
    monkeypatch.setattr(history, "machine", lambda: {"cores": 96, "gib": 768})
    assert history.add(file, VALUES, {}) == {}
    assert len(json.loads(file.read_text())["runs"]) == 1


def test_without_git_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "HOME", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert history.commit() is None
