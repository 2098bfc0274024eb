"""The secrets backend that stops Airflow's search for a secret when the store does not answer."""

import json
from pathlib import Path
from typing import Any

from airflow.providers.hashicorp.secrets.vault import VaultBackend

from shamal.providers.vault.client import TIMEOUT_SECONDS, for_this_process, outcome, read_approle
from shamal.providers.vault.errors import SecretAccessDenied, SecretMalformed, SecretStoreUnavailable

# What this process has read, by server and place.
_settings: dict[str, str] = {}


class StrictVaultBackend(VaultBackend):
    """Reads connections, variables and settings from Vault or OpenBao, and nowhere else once Vault cannot say.

    A secret is found (its value), not found (`None`: Airflow may look in the next store), denied, or the store is
    sealed or unreachable. The last two raise, so that an old `AIRFLOW_CONN_…` is never used in place of the secret. The
    role's policy must cover the whole prefix: Vault answers 403, not 404, for a missing path outside it.

    :param url: address of the server
    :param approle_path: JSON file with `role_id` and `secret_id`, mode 0600; without it every other way to log in of
        `VaultBackend` is open (for example `auth_type="kubernetes"`)
    :param kwargs: `connections_path`, `variables_path`, `config_path`, `mount_point` and what else `VaultBackend` takes
    :raises AppRoleFileRefused: the AppRole file is missing, malformed or readable by others
    """

    def __init__(self, url: str, approle_path: str | Path | None = None, **kwargs: Any) -> None:
        if approle_path is not None:
            kwargs |= {"auth_type": "approle", **read_approle(approle_path)}
        self.url = url
        super().__init__(url=url, **{"timeout": TIMEOUT_SECONDS, **kwargs})

    @property
    def vault_client(self) -> Any:
        """The client of this process; `VaultBackend` makes one per backend, and forks would share its socket."""
        return for_this_process(self._template)

    @vault_client.setter
    def vault_client(self, template: Any) -> None:
        self._template = template

    def get_connection(self, conn_id: str, team_name: str | None = None) -> Any:
        """Return the connection, or `None` when Vault has none of this name.

        :raises SecretAccessDenied: Vault does not answer, or answers with something that is no connection
        """
        try:
            return super().get_connection(conn_id, team_name)
        except SecretAccessDenied:
            raise
        except Exception as error:  # noqa: BLE001 - Airflow would go on to the next store with any other exception
            raise SecretMalformed(
                f"connection {conn_id} in {self._place(self.connections_path, conn_id)} is no Airflow connection "
                f"({type(error).__name__}); write it with conn_type, host, login, password, port, schema and extra"
            ) from None  # the cause may quote the secret

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        """Return the connection as its URI or JSON, or `None` when Vault has none of this name."""
        secret = self._get_secret(self.connections_path, team_name, conn_id)
        if secret is None:
            return None
        if "conn_uri" not in secret and "conn_type" not in secret:
            raise SecretMalformed(
                f"connection {conn_id} in {self._place(self.connections_path, conn_id)} has neither conn_uri nor "
                f"conn_type; write it again with one of them"
            )
        return str(secret["conn_uri"]) if secret.get("conn_uri") else json.dumps(secret)

    def get_variable(self, key: str, team_name: str | None = None) -> str | None:
        """Return the variable, or `None` when Vault has none of this name."""
        return self._value(self._get_secret(self.variables_path, team_name, key), self.variables_path, key)

    def get_config(self, key: str) -> str | None:
        """Return the setting, or `None` when Vault has none of this name; every error stops the command.

        A process asks for a setting once: the API server needs its signing key for every request, also while the store
        is away. A changed setting counts when the process starts again, as every setting of Airflow does.
        """
        place = self._place(self.config_path, key)
        if place not in _settings:
            value = self._value(self._get_secret(self.config_path, None, key), self.config_path, key)
            if value is None:
                return None
            _settings[place] = value
        return _settings[place]

    def _get_secret_with_base(self, base_path: str | None, key: str) -> Any:
        if any(part in {"", ".", ".."} for part in key.split("/")):
            raise SecretAccessDenied(f"{key!r} is no name of a secret: it leaves {base_path}; correct the name")
        try:
            return super()._get_secret_with_base(base_path, key)
        except Exception as error:
            raise self._explain(error, f"{self.mount_point}/{base_path}/{key}") from error

    def _explain(self, error: Exception, path: str) -> SecretAccessDenied:
        asked = f"secret store {self.url} was asked for {path}"
        if (what := outcome(error)) == "denied":
            return SecretAccessDenied(
                f"{asked} and denied it; check that the role may read the whole prefix and that its AppRole file "
                f"is the newest. No other store was tried"
            )
        if what == "sealed":
            return SecretStoreUnavailable(f"{asked} and is sealed; unseal it. No other store was tried")
        return SecretStoreUnavailable(
            f"{asked} and cannot be reached ({type(error).__name__}); start it or look at its log. "
            f"No other store was tried"
        )

    def _value(self, secret: dict[str, Any] | None, paths: list[str] | None, key: str) -> str | None:
        if secret is None:
            return None
        if "value" not in secret:
            raise SecretMalformed(f"{self._place(paths, key)} has no key `value`; write it as {{'value': ...}}")
        return str(secret["value"])

    def _place(self, paths: list[str] | None, key: str) -> str:
        return f"{self.url} {self.mount_point}/{'|'.join(paths or [])}/{key}"
