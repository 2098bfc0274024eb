"""The stack's own access to OpenBao: first initialisation, policies, roles, entries."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.files import write_private
from local.settings import HOME, Settings

if TYPE_CHECKING:
    import hvac

POLICIES = HOME / "config" / "vault"
# Each role has the policy of the same name; the file <role>.approle.json holds its credentials.
ROLES = ("airflow", "servers", "release", "seed")
KV_MOUNT = "secret"


class MissingEntryError(Exception):
    """OpenBao has no such entry."""


class LostKeysError(Exception):
    """OpenBao is initialised, but the files that open it are gone."""


class Vault:
    """Reads and writes OpenBao's entries as one role.

    :param settings: the stack's settings.
    :param role: one of ``ROLES``.
    """

    def __init__(self, settings: Settings, role: str) -> None:
        import hvac

        self.settings = settings
        self.client = hvac.Client(settings["SHAMAL_OPENBAO_URL"])
        self.client.auth.approle.login(**json.loads(_approle_path(settings, role).read_text()))

    def read(self, path: str) -> dict[str, Any] | None:
        """Return an entry's values, or None when there is no such entry.

        :param path: the entry below the mount, for example ``airflow/connections/mlflow_default``.
        """
        import hvac.exceptions

        try:
            answer = self.client.secrets.kv.v2.read_secret_version(
                path, mount_point=KV_MOUNT, raise_on_deleted_version=True
            )
        except hvac.exceptions.InvalidPath:
            return None
        values: dict[str, Any] = answer["data"]["data"]
        return values

    def require(self, path: str) -> dict[str, Any]:
        """Return an entry's values.

        :raises MissingEntryError: there is no such entry.
        """
        values = self.read(path)
        if values is None:
            raise MissingEntryError(f"OpenBao has no entry {KV_MOUNT}/{path}. `python -m local up` writes it.")
        return values

    def write(self, path: str, values: dict[str, Any]) -> None:
        """Make an entry hold these values; an entry that already does gets no new version."""
        if self.read(path) != values:
            self.client.secrets.kv.v2.create_or_update_secret(path, secret=values, mount_point=KV_MOUNT)

    def write_once(self, path: str, values: dict[str, Any]) -> dict[str, Any]:
        """Add what an entry does not hold yet, and return the whole entry: generated credentials never change."""
        entry = values | (self.read(path) or {})
        self.write(path, entry)
        return entry

    def configure(self) -> None:
        """Bring policies, roles and the signing key to what the project declares."""
        configure(self.settings, self.client)


def initialize(settings: Settings) -> None:
    """Initialise an empty OpenBao: mounts, roles and policies; the root token is revoked at the end.

    A crash on the way is healed by the next start: the root token stays in its file (0600) until all is done.
    """
    import hvac

    state = Path(settings["SHAMAL_OPENBAO_STATE"])
    root_file, recovery_file = state / "root.token", state / "recovery.key"
    client = hvac.Client(settings["SHAMAL_OPENBAO_URL"])
    if not client.sys.is_initialized():
        answer = client.adapter.put("/v1/sys/init", json={"recovery_shares": 1, "recovery_threshold": 1})
        write_private(root_file, answer["root_token"])
        write_private(recovery_file, answer["recovery_keys_base64"][0])
    elif not root_file.exists():
        if not _approle_path(settings, "seed").exists():
            raise LostKeysError(
                f"OpenBao is initialised, but {_approle_path(settings, 'seed')} is missing: "
                f"nobody can log in to seed it. Restore the file, or stop the stack and remove {state} "
                "to start with new credentials."
            )
        return
    client.token = root_file.read_text()
    _wait_until_active(client)
    if f"{KV_MOUNT}/" not in client.sys.list_mounted_secrets_engines()["data"]:
        client.sys.enable_secrets_engine("kv", path=KV_MOUNT, options={"version": "2"})
    if "transit/" not in client.sys.list_mounted_secrets_engines()["data"]:
        client.sys.enable_secrets_engine("transit")
    if "approle/" not in client.sys.list_auth_methods()["data"]:
        client.sys.enable_auth_method("approle")
    configure(settings, client)
    client.auth.token.revoke_self()
    root_file.unlink()


def configure(settings: Settings, client: hvac.Client) -> None:
    """Bring policies, roles and the signing key to what the project declares; make missing role credentials."""
    for role in ROLES:
        client.sys.create_or_update_acl_policy(role, (POLICIES / f"{role}.hcl").read_text())
        client.auth.approle.create_or_update_approle(
            role,
            token_policies=[role],
            token_ttl="1h",  # noqa: S106 - a duration
            token_max_ttl="24h",  # noqa: S106 - a duration
            token_bound_cidrs=["127.0.0.1/32"],
        )
        path = _approle_path(settings, role)
        if not path.exists():
            role_id = client.auth.approle.read_role_id(role)["data"]["role_id"]
            secret_id = client.auth.approle.generate_secret_id(role)["data"]["secret_id"]
            write_private(path, json.dumps({"role_id": role_id, "secret_id": secret_id}))
    client.secrets.transit.create_key("release", key_type="ed25519")


def _approle_path(settings: Settings, role: str) -> Path:
    return Path(settings["SHAMAL_OPENBAO_STATE"]) / f"{role}.approle.json"


def _wait_until_active(client: hvac.Client) -> None:
    deadline = time.monotonic() + 30
    while client.adapter.get("/v1/sys/leader").get("is_self") is not True:
        if time.monotonic() > deadline:
            raise TimeoutError("OpenBao was initialised but did not become active within 30 s.")
        time.sleep(0.1)
