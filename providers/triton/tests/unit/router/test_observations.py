import json
from concurrent.futures import ThreadPoolExecutor

from shamal.providers.triton.router import observations
from shamal.providers.triton.router.observations import Observations


def lines(folder, name="observations.ndjson"):
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def test_counts_of_an_interval_are_one_line_per_version_with_traffic(tmp_path):
    counted = Observations(tmp_path, print)
    counted.request(3, 0.0005)
    counted.request(4, 0.002)
    counted.request(4, 0.0201, failed=True)
    counted.request(4, 3.0, failed=True)
    counted.comparison(4, 5, 2)
    counted.request(5, 0.5, shadow=True)
    counted.dropped(5)
    counted.close()
    champion, candidate, shadow = lines(tmp_path)
    nothing = dict.fromkeys(("1", "2", "5", "10", "20", "50", "100", "200", "500", "inf"), 0)
    assert champion | {"time": 0} == {
        "time": 0,
        "version": 3,
        "shadow": False,
        "requests": 1,
        "errors": 0,
        "latency_ms": nothing | {"1": 1},
        "compared": 0,
        "disagreed": 0,
        "dropped": 0,
    }
    assert candidate["latency_ms"] == nothing | {"2": 1, "50": 1, "inf": 1}
    assert [candidate[key] for key in ("requests", "errors", "compared", "disagreed")] == [3, 2, 5, 2]
    assert [shadow[key] for key in ("version", "shadow", "requests", "dropped")] == [5, True, 1, 1]


def test_without_traffic_nothing_is_written(tmp_path):
    Observations(tmp_path, print).close()
    assert list(tmp_path.iterdir()) == []


def test_no_count_is_lost_between_threads_and_processes_of_one_router(tmp_path, monkeypatch):
    monkeypatch.setattr(observations, "WRITE_EVERY_SECONDS", 0.001)
    monkeypatch.setattr(observations, "ROTATE_BYTES", 20_000)
    instances = [Observations(tmp_path, print) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            for instance in instances:
                pool.submit(lambda instance=instance: [instance.request(4, 0.001) for _ in range(2000)])
    for instance in instances:
        instance.close()
    files = [path for path in tmp_path.iterdir() if path.stat().st_size]
    assert sum(line["requests"] for path in files for line in lines(tmp_path, path.name)) == 16_000


def test_a_file_that_is_too_long_is_moved_away_and_another_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(observations, "ROTATE_BYTES", 10)
    for version in (1, 2):
        counted = Observations(tmp_path, print)
        counted.request(version, 0.001)
        counted.close()
    assert [line["version"] for line in lines(tmp_path, "observations.ndjson.1")] == [1]
    assert [line["version"] for line in lines(tmp_path)] == [2]


def test_a_disk_that_refuses_is_told(tmp_path):
    warnings = []
    counted = Observations(tmp_path / "model", warnings.append)
    (tmp_path / "model" / "observations.ndjson").mkdir()
    counted.request(1, 0.001)
    counted.close()
    assert "a canary cannot be judged" in warnings[0]
