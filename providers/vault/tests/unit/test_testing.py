"""That the fake behaves as OpenBao does is shown by ../test_contract.py, which runs on both."""

import pytest
import requests

from shamal.providers.vault.testing import FakeVault


def test_states():
    fake = FakeVault()
    session = fake.session()
    url = f"{fake.url}/v1/secret/data/airflow/x"

    assert session.get(url).status_code == 403  # no token
    fake.state = "sealed"
    assert session.get(url).status_code == 503
    fake.state = "down"
    with pytest.raises(requests.ConnectionError):
        session.get(url)
