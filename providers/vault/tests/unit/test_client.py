import json
import multiprocessing
import os

import pytest
from hvac.exceptions import Forbidden, VaultDown  # noqa: TID253 - what the client raises
from requests import ConnectTimeout

from shamal.providers.vault.client import approle_client, outcome, read_approle
from shamal.providers.vault.errors import AppRoleFileRefused

URL = "http://vault.example:8200"


def test_read_approle(approle_path):
    assert read_approle(approle_path) == {"role_id": "role", "secret_id": "fake"}


def test_a_missing_file(tmp_path):
    with pytest.raises(AppRoleFileRefused, match=r"missing.json cannot be read \(No such file.*start the secret store"):
        read_approle(tmp_path / "missing.json")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read(approle_path, mode):
    approle_path.chmod(mode)

    with pytest.raises(AppRoleFileRefused, match=f"has mode 0{mode:o}, allowed is 0600; run: chmod 600"):
        read_approle(approle_path)


def test_a_file_of_someone_else(approle_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: approle_path.stat().st_uid + 1)

    with pytest.raises(AppRoleFileRefused, match="use your own file"):
        read_approle(approle_path)


@pytest.mark.parametrize("text", ["not json hunter2", "[]", '{"role_id": "x"}', '{"role_id": "x", "secret_id": 7}'])
def test_a_malformed_file_shows_no_content(approle_path, text):
    approle_path.write_text(text)

    with pytest.raises(AppRoleFileRefused) as refused:
        read_approle(approle_path)

    assert "hunter2" not in str(refused.value)


def test_one_client_per_process_and_role(approle_path, tmp_path):
    other = tmp_path / "other.json"
    other.touch(0o600)
    other.write_text(json.dumps({"role_id": "other", "secret_id": "x"}))

    assert approle_client(URL, approle_path) is approle_client(URL, approle_path)
    assert approle_client(URL, approle_path) is not approle_client(URL, other)
    assert approle_client(URL, approle_path) is not approle_client("http://another:8200", approle_path)


def test_a_fork_gets_a_client_of_its_own(approle_path):
    ours = approle_client(URL, approle_path)
    fork = multiprocessing.get_context("fork")
    queue = fork.SimpleQueue()
    child = fork.Process(target=lambda: queue.put(approle_client(URL, approle_path) is ours))
    child.start()
    child.join()

    assert queue.get() is False


def test_outcome():
    assert outcome(VaultDown()) == "sealed"
    assert outcome(ConnectTimeout()) == "unreachable"
    assert outcome(Forbidden()) == "denied"
    assert outcome(ValueError()) == "denied"
