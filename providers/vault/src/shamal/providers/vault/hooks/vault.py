"""Signatures by the transit engine and wrapped secrets."""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.log import mask_secret

from shamal.providers.vault.client import approle_client, outcome
from shamal.providers.vault.errors import VaultDenied, VaultRequestRefused, VaultUnavailable

if TYPE_CHECKING:
    import hvac
    from airflow.providers.hashicorp._internal_client.vault_client import _VaultClient


class VaultHook(BaseHook):
    """Signs, verifies and wraps with OpenBao or Vault; the private key never leaves the server.

    :param vault_conn_id: connection of type `shamal_vault`: host is the URL, extra `approle_path` the AppRole file
    """

    conn_name_attr = "vault_conn_id"
    default_conn_name = "vault_default"
    conn_type = "shamal_vault"
    hook_name = "Shamal Vault"

    def __init__(self, vault_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.vault_conn_id = vault_conn_id

    def get_conn(self) -> "_VaultClient":
        """Return this process's client for the connection.

        :raises VaultRequestRefused: the connection has no host or no `approle_path`
        :raises AppRoleFileRefused: the AppRole file is missing, malformed or readable by others
        """
        connection = self.get_connection(self.vault_conn_id)
        approle_path = connection.extra_dejson.get("approle_path")
        if not connection.host or not approle_path:
            raise VaultRequestRefused(
                f"connection {self.vault_conn_id} needs a host (the URL) and extra approle_path; has host "
                f"{connection.host!r} and extra {sorted(connection.extra_dejson)}"
            )
        return approle_client(self._url(connection.host, connection.port), approle_path)

    def sign(self, key: str, data: bytes) -> str:
        """Return the signature of `data` by transit key `key`, as `vault:v<version>:<base64>`."""
        answer = self._ask(
            f"transit/sign/{key}",
            lambda client: client.secrets.transit.sign_data(name=key, hash_input=_base64(data)),
        )
        return str(answer["data"]["signature"])

    def verify(self, key: str, data: bytes, signature: str) -> bool:
        """Return whether `signature` was made over `data` by transit key `key`."""
        answer = self._ask(
            f"transit/verify/{key}",
            lambda client: client.secrets.transit.verify_signed_data(
                name=key, hash_input=_base64(data), signature=signature
            ),
        )
        return bool(answer["data"]["valid"])

    def wrap(self, path: str, ttl: int) -> str:
        """Return a token that can be unwrapped once into the secret at `path`: what a pod is given in its place.

        :param path: KV v2 path with its mount, such as `secret/airflow/connections/mlflow_default`
        :param ttl: seconds until the token is worth nothing
        """
        mount, _, rest = path.partition("/")
        answer = self._ask(path, lambda client: client.adapter.get(f"/v1/{mount}/data/{rest}", wrap_ttl=f"{ttl}s"))
        token = str(answer["wrap_info"]["token"])
        mask_secret(token)
        return token

    def unwrap(self, token: str) -> dict[str, Any]:
        """Return the secret behind a wrapping token and use the token up.

        :raises VaultRequestRefused: the token was used, has expired or never was one; treat it as stolen
        """
        try:
            answer = self._ask("sys/wrapping/unwrap", lambda client: client.sys.unwrap(token))
        except VaultRequestRefused as error:
            raise VaultRequestRefused(f"{error}; if it was handed over unused, treat it as stolen") from error
        secret: dict[str, Any] = answer["data"]["data"]
        mask_secret(secret)
        return secret

    def _ask(self, path: str, request: "Callable[[hvac.Client], Any]") -> Any:
        from hvac.exceptions import InvalidPath, InvalidRequest, VaultError
        from requests import RequestException

        client = self.get_conn()
        where = f"connection {self.vault_conn_id} ({client.url}), path {path}"
        try:
            return client._run_with_reauth(request)
        except (InvalidPath, InvalidRequest) as error:
            raise VaultRequestRefused(
                f"{where}: refused ({'; '.join(map(str, error.errors or ['nothing there']))}); check the name, or ask "
                f"for a fresh token"
            ) from error
        except (VaultError, RequestException) as error:
            if outcome(error) == "denied":
                raise VaultDenied(f"{where}: denied; check the policy of the role in its AppRole file") from error
            raise VaultUnavailable(f"{where}: {outcome(error)}; unseal or start it, and look at its log") from error

    @staticmethod
    def _url(host: str, port: int | None) -> str:
        return f"{host}:{port}" if port else host


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
