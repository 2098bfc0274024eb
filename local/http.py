"""Readiness by HTTP."""

from __future__ import annotations

from typing import Any

import requests

from local.server import NotReadyError


def get(url: str, **options: Any) -> requests.Response:
    """Return the answer of a server that says it is well (status 2xx).

    :raises NotReadyError: nothing answers at the address, or it answers with another status.
    """
    try:
        response = requests.get(url, timeout=5, **options)
    except requests.RequestException as error:
        raise NotReadyError(f"{url} does not answer: {type(error).__name__}") from error
    if not response.ok:
        raise NotReadyError(f"{url} answers {response.status_code} {response.reason}")
    return response
