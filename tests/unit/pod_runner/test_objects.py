from local.pod_runner.objects import now, read_json, seconds_since, write_json


def test_a_file_is_replaced_and_private(tmp_path):
    file = tmp_path / "a.json"
    assert read_json(file) is None
    write_json(file, {"a": 1})
    write_json(file, {"a": 2})
    assert read_json(file) == {"a": 2}
    assert file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [file]


def test_timestamps_are_utc_seconds():
    assert now().endswith("Z")
    assert 0 <= seconds_since(now()) < 3
