"""The web UI's users, whose passwords were made at the first start."""

from __future__ import annotations

import json
from pathlib import Path

from local.settings import Settings


def login_file(settings: Settings) -> Path:
    """Return the file (0600) with the users and their passwords, as JSON."""
    return Path(settings["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])


def password(settings: Settings, user: str) -> str:
    """Return a user's password.

    :param user: one of the names in AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS of local/env.
    """
    passwords: dict[str, str] = json.loads(login_file(settings).read_text())
    return passwords[user]
