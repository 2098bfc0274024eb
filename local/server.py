"""What the stack needs to know about one server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.settings import Settings

if TYPE_CHECKING:
    from local.vault import Vault

Secret = Mapping[str, str]
# What seeding adds to the connections declared in airflow_settings.yaml: {conn_id: {field: value}}.
Connections = dict[str, dict[str, Any]]


class NotReadyError(Exception):
    """A server does not answer as it should yet; the message says what it answers."""


def _nothing(_settings: Settings) -> None:
    """Prepare nothing."""


def _no_environment(_settings: Settings, _secret: Secret) -> dict[str, str]:
    """Return nothing: the settings are all that the server's environment needs."""
    return {}


def _no_connections(_settings: Settings, _vault: Vault) -> Connections:
    """Seed nothing."""
    return {}


@dataclass(frozen=True)
class Server:
    """One server process (with its children) of the stack.

    :param name: name of the process, of its log file and in messages.
    :param address: setting that holds its address; None when it serves none.
    :param ports: settings that hold the ports it listens on.
    :param command: returns its command line; no secret in it.
    :param ready: returns when the server can be used, raises NotReadyError when it cannot yet.
    :param prepare: makes the folders and files it needs, before it is started.
    :param seed: makes its credentials in OpenBao and returns what its connections need of them.
    :param secret: entry of OpenBao (``servers/<secret>``) that its environment needs.
    :param environment: returns what its environment needs beyond the settings, given that entry.
    :param stage: servers of one stage are started and stopped together, lower stages earlier.
    :param timeout: seconds it may take to become ready.
    :param hint: what to look at when it does not.
    """

    name: str
    address: str | None
    ports: tuple[str, ...]
    command: Callable[[Settings], list[str]]
    ready: Callable[[Settings], None]
    prepare: Callable[[Settings], None] = _nothing
    seed: Callable[[Settings, Vault], Connections] = _no_connections
    secret: str | None = None
    environment: Callable[[Settings, Secret], dict[str, str]] = _no_environment
    stage: int = 2
    timeout: float = 300
    hint: str = ""
