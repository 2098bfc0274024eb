"""A Vault in memory, for tests without a server; it answers hvac's HTTP requests as OpenBao does."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any, Literal

import requests
from airflow.providers.hashicorp._internal_client.vault_client import _VaultClient
from requests.adapters import BaseAdapter

from shamal.providers.vault.hooks.vault import VaultHook

State = Literal["up", "sealed", "down"]


class FakeVault(BaseAdapter):
    """KV v2 at `secret`, transit and response wrapping for one AppRole that may read one prefix.

    :param may_read: prefix of the KV paths that the role's policy covers
    """

    url = "http://fake-vault"

    def __init__(self, may_read: str = "airflow/") -> None:
        super().__init__()
        self.state: State = "up"
        self.secrets: dict[str, dict[str, Any]] = {}
        self.may_read = may_read
        self.logins = 0
        self._tokens: set[str] = set()
        self._wrapped: dict[str, Any] = {}

    def session(self) -> requests.Session:
        """Return the session to give to `StrictVaultBackend(session=...)`."""
        session = requests.Session()
        session.mount("http://", self)
        return session

    def hook(self) -> VaultHook:
        """Return a `VaultHook` that talks to this Vault and needs no connection."""
        return _FakeVaultHook(self)

    def revoke_tokens(self) -> None:
        """Let every login expire."""
        self._tokens.clear()

    def close(self) -> None:
        """Nothing to close."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Answer one request."""
        if self.state == "down":
            raise requests.ConnectionError("connection refused", request=request)
        if self.state == "sealed":
            return _response(request, 503, {"errors": ["Vault is sealed"]})
        path = (request.path_url or "").removeprefix("/v1/")
        body = json.loads(request.body or "{}")
        token = request.headers.get("X-Vault-Token", "")
        if path == "auth/approle/login":
            return self._login(request)
        if path == "sys/wrapping/unwrap":
            return self._unwrap(request, body.get("token") or token)
        if token not in self._tokens:
            return _denied(request)
        engines: dict[str, Callable[..., requests.Response]] = {"transit": self._transit, "secret": self._read}
        return engines[path.partition("/")[0]](request, path, body)

    def _login(self, request: requests.PreparedRequest) -> requests.Response:
        self.logins += 1
        self._tokens.add(token := secrets.token_hex(8))
        return _response(request, 200, {"auth": {"client_token": token}})

    def _read(self, request: requests.PreparedRequest, path: str, body: dict[str, Any]) -> requests.Response:
        name = path.removeprefix("secret/data/")
        if not name.startswith(self.may_read):
            return _denied(request)
        if name not in self.secrets:
            return _response(request, 404, {"errors": []})
        answer = {"data": {"data": self.secrets[name], "metadata": {}}}
        if "X-Vault-Wrap-TTL" not in request.headers:
            return _response(request, 200, answer)
        self._wrapped[token := secrets.token_hex(8)] = answer
        return _response(request, 200, {"wrap_info": {"token": token}})

    def _unwrap(self, request: requests.PreparedRequest, token: str) -> requests.Response:
        if token not in self._wrapped:
            return _response(request, 400, {"errors": ["wrapping token is not valid or does not exist"]})
        return _response(request, 200, self._wrapped.pop(token))

    def _transit(self, request: requests.PreparedRequest, path: str, body: dict[str, Any]) -> requests.Response:
        _, action, key = path.split("/")
        if key != "release":
            return _response(request, 400, {"errors": ["signing key not found"]})
        digest = hashlib.sha256(f"{key}:{body['input']}".encode()).digest()
        signature = f"vault:v1:{base64.b64encode(digest).decode()}"
        if action == "sign":
            return _response(request, 200, {"data": {"signature": signature}})
        return _response(request, 200, {"data": {"valid": body["signature"] == signature}})


class _FakeVaultHook(VaultHook):
    def __init__(self, vault: FakeVault) -> None:
        super().__init__()
        self._client = _VaultClient(
            url=vault.url,
            auth_type="approle",
            role_id="role",
            secret_id="fake",  # noqa: S106
            session=vault.session(),
        )

    def get_conn(self) -> _VaultClient:
        return self._client


def _denied(request: requests.PreparedRequest) -> requests.Response:
    return _response(request, 403, {"errors": ["permission denied"]})


def _response(request: requests.PreparedRequest, status: int, body: dict[str, Any]) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.request = request
    response.url = request.url or ""
    response.headers["Content-Type"] = "application/json"
    response._content = json.dumps(body).encode()
    return response
