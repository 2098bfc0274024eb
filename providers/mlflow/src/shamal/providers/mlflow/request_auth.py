"""Adds an Airflow connection's credentials to MLflow's requests, and only to those of its own address.

MLflow reads credentials from environment variables, which every child process inherits. This plugin of MLflow
(entry point group `mlflow.request_auth_provider`) keeps them in the memory of the task's process instead.
"""

from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from mlflow.tracking.request_auth.abstract_request_auth_provider import (  # noqa: TID253 - imported by MLflow only
    RequestAuthProvider,
)

NAME = "shamal"
_credentials: dict[str, HTTPBasicAuth] = {}


def remember(address: str, login: str, password: str) -> None:
    """Send these credentials with every later request to the address (scheme, host and port)."""
    _credentials[_origin(address)] = HTTPBasicAuth(login, password)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


class ConnectionAuth(AuthBase):
    """Signs a request when its address is one that `remember` knows."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Return the request, with credentials when they belong to its address."""
        auth = _credentials.get(_origin(request.url or ""))
        return auth(request) if auth else request


class ConnectionAuthProvider(RequestAuthProvider):  # type: ignore[misc]
    """What MLflow finds when MLFLOW_TRACKING_AUTH is `shamal`."""

    def get_name(self) -> str:
        """Return the value of MLFLOW_TRACKING_AUTH that chooses this plugin."""
        return NAME

    def get_auth(self) -> AuthBase:
        """Return what signs the request."""
        return ConnectionAuth()
