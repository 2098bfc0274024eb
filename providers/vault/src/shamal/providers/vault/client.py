"""Logged-in clients: one per process and settings, from an AppRole file that only its owner can read."""

import copy
import json
import os
import stat
from pathlib import Path
from typing import Literal

from airflow.providers.hashicorp._internal_client.vault_client import _VaultClient

from shamal.providers.vault.errors import AppRoleFileRefused

# The client tries a request four times; together they stay under 10 seconds when packets vanish.
TIMEOUT_SECONDS = 2

Outcome = Literal["denied", "sealed", "unreachable"]

_clients: dict[tuple[object, ...], _VaultClient] = {}


def read_approle(path: str | Path) -> dict[str, str]:
    """Return `role_id` and `secret_id` from an AppRole file.

    :param path: JSON file with exactly these two keys, owned by this user, mode 0600 or stricter
    :raises AppRoleFileRefused: the file is missing, malformed, someone else's or readable by others
    """
    file = Path(path)
    try:
        status = file.stat()
        given = json.loads(file.read_text())
    except OSError as error:
        raise AppRoleFileRefused(
            f"AppRole file {file} cannot be read ({error.strerror}); start the secret store, which writes it, "
            f"or correct approle_path"
        ) from error
    except ValueError as error:
        raise AppRoleFileRefused(f"AppRole file {file} is not JSON; write the role's file again") from error
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise AppRoleFileRefused(f"AppRole file {file} has mode {mode:04o}, allowed is 0600; run: chmod 600 {file}")
    if status.st_uid != os.getuid():
        raise AppRoleFileRefused(
            f"AppRole file {file} belongs to uid {status.st_uid}, this process runs as {os.getuid()}; use your own file"
        )
    if not isinstance(given, dict) or not all(isinstance(given.get(key), str) for key in ("role_id", "secret_id")):
        raise AppRoleFileRefused(f"AppRole file {file} needs the keys role_id and secret_id, both strings")
    return {"role_id": given["role_id"], "secret_id": given["secret_id"]}


def approle_client(url: str, approle_path: str | Path) -> _VaultClient:
    """Return this process's client for one server and role; it logs in at its first request."""
    role = read_approle(approle_path)
    return for_this_process(
        _VaultClient(
            url=url,
            auth_type="approle",
            role_id=role["role_id"],
            secret_id=role["secret_id"],
            timeout=TIMEOUT_SECONDS,
        )
    )


def for_this_process(template: _VaultClient) -> _VaultClient:
    """Return this process's client with the settings of `template`, which itself never logs in.

    Airflow builds a new backend for every `_secret` setting it reads, and forks its workers: by settings, one login
    serves all of them; by process id, no two processes write to one socket.
    """
    key = (os.getpid(), repr(sorted((name, str(value)) for name, value in vars(template).items())))
    if key not in _clients:
        client = copy.copy(template)
        client.kwargs = dict(template.kwargs)
        _clients[key] = client
    return _clients[key]


def outcome(error: Exception) -> Outcome:
    """Say what a failed request means: `denied`, `sealed` or `unreachable`."""
    import requests
    from hvac.exceptions import VaultDown

    if isinstance(error, VaultDown):
        return "sealed"
    return "unreachable" if isinstance(error, requests.RequestException) else "denied"
