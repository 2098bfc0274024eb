import ssl

from local.pod_runner.credentials import kubeconfig, make_credentials


def test_credentials_are_made_once_and_private(tmp_path):
    folder = tmp_path / "credentials"
    make_credentials(folder, "one")
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert set(first) == {"ca.crt", "server.crt", "server.key", "token"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())
    make_credentials(folder, "two")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first | {"token": b"two"}


def test_missing_files_are_made_anew(tmp_path):
    make_credentials(tmp_path, "one")
    (tmp_path / "server.crt").unlink()
    make_credentials(tmp_path, "one")
    ssl.create_default_context(cafile=tmp_path / "ca.crt")
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")


def test_the_kubeconfig_carries_token_and_authority(tmp_path):
    make_credentials(tmp_path, "one")
    made = kubeconfig(tmp_path, 6443)
    assert made["users"][0]["user"] == {"token": "one"}
    assert made["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
