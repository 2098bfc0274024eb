import json

import pytest

from shamal.providers.triton import benchmark, perf_analyzer, traffic
from shamal.providers.triton.errors import InvalidDeployment, VersionNotDeployed

QUICK = {"batch_sizes": [1, 2], "concurrency": [1], "window_seconds": 0.01, "most_windows": 3}
SIDE = {"requests_per_second", "rows_per_second", "p50_ms", "p95_ms", "p99_ms", "stable", "windows"}


@pytest.fixture(autouse=True)
def no_perf_analyzer(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


def test_a_version_is_measured_against_the_champion_and_kept(triton, deploy):
    for version in (1, 2):
        deploy(version)
    traffic.route(triton, "churn", 1)
    result = benchmark.measure(triton, "churn", 2, **QUICK)
    assert (result["version"], result["champion"], result["client"]) == (2, 1, "shamal")
    assert [(each["batch_size"], each["concurrency"]) for each in result["measurements"]] == [(1, 1), (2, 1)]
    for each in result["measurements"]:
        assert each["version"].keys() == each["champion"].keys() == SIDE
        rows = each["batch_size"] * each["version"]["requests_per_second"]
        assert each["version"]["rows_per_second"] == pytest.approx(rows)
        assert each["ratio"]["p95_ms"] == pytest.approx(each["version"]["p95_ms"] / each["champion"]["p95_ms"])
    kept = triton.repository.root / "churn__v2.benchmark.json"
    assert json.loads(kept.read_text()) == result
    assert triton.repository.versions("churn") == [1, 2], "the file is not taken for a version"


def test_the_champion_alone_has_no_ratio(triton, deploy):
    deploy(1)
    with pytest.raises(VersionNotDeployed, match="churn has no champion"):
        benchmark.measure(triton, "churn", **QUICK)
    first = benchmark.measure(triton, "churn", 1, **QUICK)
    assert (first["champion"], first["measurements"][0]["ratio"]) == (None, None)
    traffic.route(triton, "churn", 1)
    assert benchmark.measure(triton, "churn", **QUICK)["measurements"][0]["champion"] is None


def test_a_version_that_is_not_loaded_is_refused(triton, deploy):
    deploy(1)
    triton.unload("churn__v1")
    with pytest.raises(VersionNotDeployed, match="churn version 1 is not loaded"):
        benchmark.measure(triton, "churn", 1, **QUICK)
    with pytest.raises(VersionNotDeployed, match="churn version 2 is not in"):
        benchmark.measure(triton, "churn", 2, **QUICK)


@pytest.mark.parametrize(
    "wrong",
    [{"batch_sizes": [0]}, {"batch_sizes": []}, {"concurrency": []}, {"window_seconds": 0}, {"most_windows": 2}],
    ids=str,
)
def test_what_cannot_be_measured_is_refused(triton, deploy, wrong):
    deploy(1)
    with pytest.raises(InvalidDeployment, match="benchmark of churn"):
        benchmark.measure(triton, "churn", 1, **QUICK | wrong)


def test_version_zero_does_not_mean_the_champion(triton, deploy):
    deploy(1)
    traffic.route(triton, "churn", 1)
    with pytest.raises(InvalidDeployment, match="version 0"):
        benchmark.measure(triton, "churn", 0, **QUICK)


def test_perf_analyzer_measures_where_it_is_on_the_path(triton, deploy, monkeypatch, tmp_path):
    tool = tmp_path / "perf_analyzer"
    tool.touch(mode=0o700)
    asked = []

    def measure(executable, address, name, features, **settings):
        asked.append((executable, name, settings["batched"]))
        figures = dict.fromkeys(["requests_per_second", "p50_ms", "p95_ms", "p99_ms"])
        return {**figures, "stable": False, "windows": None}

    monkeypatch.setattr(perf_analyzer, "measure", measure)
    for version in (1, 2):
        deploy(version)
    traffic.route(triton, "churn", 1)
    result = benchmark.measure(triton, "churn", 2, **QUICK)
    assert result["client"] == "perf_analyzer"
    assert asked[:2] == [(str(tool), "churn__v2", False), (str(tool), "churn__v1", False)]
    assert set(result["measurements"][0]["ratio"].values()) == {None}
    assert "not stable: version, champion" in benchmark.table(result)


def test_the_table_shows_the_version_against_the_champion():
    side = dict.fromkeys(benchmark.FIGURES, 10.0) | {"stable": True, "windows": 3}
    ratio = dict.fromkeys(benchmark.FIGURES, 1.25)
    measurement = {"batch_size": 32, "concurrency": 8, "version": side, "champion": side, "ratio": ratio}
    result = {"model": "churn", "version": 2, "champion": 1, "client": "shamal", "measurements": [measurement]}
    title, _, line = benchmark.table(result).splitlines()
    assert title == "churn version 2 against champion 1, measured by shamal"
    assert line.split() == ["32", "8", "10.00", "(x1.25)", "10.00", "10.00", "10.00", "(x1.25)", "10.00"]
