import requests

from shamal.providers.mlflow import request_auth


def test_credentials_go_to_their_own_address_only() -> None:
    request_auth.remember("http://127.0.0.1:5000", "admin", "canary")
    auth = request_auth.ConnectionAuthProvider().get_auth()

    def header(url: str) -> str | None:
        return requests.Request("GET", url, auth=auth).prepare().headers.get("Authorization")

    assert str(header("http://127.0.0.1:5000/api")).startswith("Basic ")
    assert header("http://127.0.0.1:5001/api") is None
    assert header("https://127.0.0.1:5000/api") is None


def test_mlflow_finds_the_plugin() -> None:
    from mlflow.tracking.request_auth.registry import fetch_auth

    assert isinstance(fetch_auth(request_auth.NAME), request_auth.ConnectionAuth)
