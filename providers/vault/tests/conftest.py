"""A real OpenBao, and the fake, behind one face."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import hvac  # noqa: TID253 - the test's own administrator
import pytest
import requests

from shamal.providers.vault.hooks.vault import VaultHook
from shamal.providers.vault.secrets.vault import StrictVaultBackend
from shamal.providers.vault.testing import FakeVault

PATHS = {
    "connections_path": "airflow/connections",
    "variables_path": "airflow/variables",
    "config_path": "airflow/config",
}
POLICY = """
path "secret/data/airflow/*" { capabilities = ["read"] }
path "transit/sign/release" { capabilities = ["update"] }
path "transit/verify/release" { capabilities = ["update"] }
"""


class FakeSide:
    """The fake, with the handles that the contract test pulls."""

    def __init__(self, approle_path: Path) -> None:
        self.fake = FakeVault()
        self.approle_path = approle_path

    def write(self, path: str, secret: dict[str, object]) -> None:
        self.fake.secrets[path] = secret

    def backend(self, **kwargs: object) -> StrictVaultBackend:
        return StrictVaultBackend(
            url=self.fake.url, approle_path=self.approle_path, session=self.fake.session(), **(PATHS | kwargs)
        )

    def hook(self, monkeypatch: pytest.MonkeyPatch) -> VaultHook:
        return self.fake.hook()

    def seal(self) -> None:
        self.fake.state = "sealed"

    def stop(self) -> None:
        self.fake.state = "down"

    def revoke_tokens(self) -> None:
        self.fake.revoke_tokens()


class RealSide:
    """OpenBao in memory; the AppRole `airflow` reads airflow/* and signs with the key `release`."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        config = folder / "bao.hcl"
        config.write_text(
            'storage "inmem" {}\n'
            f'listener "tcp" {{ address = "{self.url.removeprefix("http://")}"\n tls_disable = true }}\n'
        )
        bao = shutil.which("bao", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        assert bao is not None
        with (folder / "bao.log").open("wb") as output:
            self.process = subprocess.Popen(
                [bao, "server", f"-config={config}"], stdout=output, stderr=output, start_new_session=True
            )
        self.admin = hvac.Client(url=self.url)
        self._wait()
        keys = self.admin.sys.initialize(secret_shares=1, secret_threshold=1)
        self.unseal_key = keys["keys"][0]
        self.admin.token = keys["root_token"]
        self.admin.sys.submit_unseal_key(self.unseal_key)
        self.admin.sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
        self.admin.sys.enable_secrets_engine("transit")
        self.admin.sys.enable_auth_method("approle")
        self.admin.sys.create_or_update_policy("airflow", POLICY)
        self.admin.secrets.transit.create_key("release", key_type="ed25519")
        self.admin.auth.approle.create_or_update_approle("airflow", token_policies=["airflow"])
        self.approle_path = folder / "airflow.approle.json"
        self.approle_path.touch(0o600)
        self.approle_path.write_text(
            json.dumps(
                {
                    "role_id": self.admin.auth.approle.read_role_id("airflow")["data"]["role_id"],
                    "secret_id": self.admin.auth.approle.generate_secret_id("airflow")["data"]["secret_id"],
                }
            )
        )

    def _wait(self) -> None:
        for _ in range(100):
            try:
                requests.get(f"{self.url}/v1/sys/init", timeout=1)
            except requests.ConnectionError:
                assert self.process.poll() is None, "bao ended; see its log"
                time.sleep(0.1)
            else:
                return
        raise TimeoutError(f"bao at {self.url} did not start")

    def write(self, path: str, secret: dict[str, object]) -> None:
        for _ in range(50):  # a new KV engine upgrades itself for a moment
            try:
                self.admin.secrets.kv.v2.create_or_update_secret(path, secret)
            except hvac.exceptions.InvalidRequest:
                time.sleep(0.1)
            else:
                return

    def backend(self, **kwargs: object) -> StrictVaultBackend:
        return StrictVaultBackend(url=self.url, approle_path=self.approle_path, **(PATHS | kwargs))

    def hook(self, monkeypatch: pytest.MonkeyPatch) -> VaultHook:
        connection = {"conn_type": "shamal_vault", "host": self.url, "extra": {"approle_path": str(self.approle_path)}}
        monkeypatch.setenv("AIRFLOW_CONN_VAULT_DEFAULT", json.dumps(connection))
        return VaultHook()

    def seal(self) -> None:
        self.admin.sys.seal()

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def revoke_tokens(self) -> None:
        self.admin.sys.revoke_prefix("auth/approle/")


@pytest.fixture
def approle_path(tmp_path: Path) -> Path:
    file = tmp_path / "approle.json"
    file.touch(0o600)
    file.write_text('{"role_id": "role", "secret_id": "fake"}')
    return file


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
def vault(request: pytest.FixtureRequest, tmp_path: Path, approle_path: Path) -> Iterator[FakeSide | RealSide]:
    if request.param == "fake":
        yield FakeSide(approle_path)
        return
    real = RealSide(tmp_path)
    yield real
    real.stop()
